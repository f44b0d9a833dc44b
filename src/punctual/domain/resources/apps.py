from django.apps import AppConfig


class ResourcesConfig(AppConfig):
    name = "punctual.domain.resources"
    label = "resources"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.resources import permissions, selectors  # noqa: F401 - declares what roles may do
        from punctual.kernel.wording import N_
        from punctual.platform.targets import Target, register

        register(Target("resource", N_("resource"), selectors.get_resource, "resource", icon="users"))
