from django.apps import AppConfig


class AftersalesConfig(AppConfig):
    name = "punctual.domain.aftersales"
    label = "aftersales"
    default_auto_field = "django.db.models.BigAutoField"
