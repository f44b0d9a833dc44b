from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "punctual.platform.notifications"
    label = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.platform.notifications import channels  # noqa: F401 - declares its permission
        from punctual.platform.notifications.services import send_out
        from punctual.platform.outbox.services import subscribe

        subscribe("notification.told", send_out)
