from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "punctual.platform.search"
    label = "search"
    default_auto_field = "django.db.models.BigAutoField"
