from django.apps import AppConfig


class ActionsConfig(AppConfig):
    name = "punctual.domain.actions"
    label = "actions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.actions import permissions  # noqa: F401
        from punctual.domain.actions.selectors import action_by_id
        from punctual.kernel.wording import N_
        from punctual.platform.targets import Target, register

        register(Target("actionitem", N_("Action item"), action_by_id, "action", icon="checklist"))
