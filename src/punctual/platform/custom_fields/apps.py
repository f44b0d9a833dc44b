from django.apps import AppConfig


class CustomFieldsConfig(AppConfig):
    name = "punctual.platform.custom_fields"
    label = "custom_fields"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.platform.custom_fields import permissions  # noqa: F401
