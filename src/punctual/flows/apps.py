from django.apps import AppConfig


class FlowsConfig(AppConfig):
    name = "punctual.flows"
    label = "flows"

    def ready(self) -> None:
        from punctual.flows import payment_events, replan

        replan.listen()
        payment_events.listen()
