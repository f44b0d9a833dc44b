from django.apps import AppConfig


class SavedViewsConfig(AppConfig):
    name = "punctual.platform.saved_views"
    label = "saved_views"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.platform.saved_views import permissions  # noqa: F401
