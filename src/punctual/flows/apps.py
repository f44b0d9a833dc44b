from django.apps import AppConfig


class FlowsConfig(AppConfig):
    name = "punctual.flows"
    label = "flows"
