from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "punctual.domain.scheduling"
    label = "scheduling"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.scheduling import permissions  # noqa: F401 - declares what roles may do
