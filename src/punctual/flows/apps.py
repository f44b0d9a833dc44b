from django.apps import AppConfig


class FlowsConfig(AppConfig):
    name = "punctual.flows"
    label = "flows"

    def ready(self) -> None:
        from punctual.flows import early_warning, replan

        replan.listen()
        early_warning.subscribe_all()
