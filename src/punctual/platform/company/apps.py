from django.apps import AppConfig


class CompanyConfig(AppConfig):
    name = "punctual.platform.company"
    label = "company"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.platform.company import permissions  # noqa: F401
