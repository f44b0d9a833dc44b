from django.apps import AppConfig


class ActionsConfig(AppConfig):
    name = "punctual.domain.actions"
    label = "actions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.actions import permissions  # noqa: F401
