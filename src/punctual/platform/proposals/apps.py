from django.apps import AppConfig


class ProposalsConfig(AppConfig):
    name = "punctual.platform.proposals"
    label = "proposals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.kernel.wording import N_
        from punctual.platform.notifications.kinds import register_kind

        register_kind("proposal", N_("What my assistant suggests"))
