from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "punctual.web"
    label = "web"
