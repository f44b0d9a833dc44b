from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "punctual.api"
    label = "api"
