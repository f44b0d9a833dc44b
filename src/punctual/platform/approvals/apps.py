from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "punctual.platform.approvals"
    label = "approvals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.platform.approvals import permissions  # noqa: F401
