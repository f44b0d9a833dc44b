from django.apps import AppConfig


class LinksConfig(AppConfig):
    name = "punctual.platform.links"
    label = "links"
    default_auto_field = "django.db.models.BigAutoField"
