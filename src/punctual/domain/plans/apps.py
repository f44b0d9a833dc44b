from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "punctual.domain.plans"
    label = "plans"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.plans import permissions  # noqa: F401
