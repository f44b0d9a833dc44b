from django.apps import AppConfig


class RisksConfig(AppConfig):
    name = "punctual.domain.risks"
    label = "risks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.risks import permissions  # noqa: F401
        from punctual.domain.risks.selectors import risk_by_id
        from punctual.kernel.wording import N_
        from punctual.platform.targets import Target, register

        register(Target("risk", N_("Risk"), risk_by_id, "risk", icon="target-arrow"))
