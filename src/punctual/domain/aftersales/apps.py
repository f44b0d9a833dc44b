from django.apps import AppConfig


class AftersalesConfig(AppConfig):
    name = "punctual.domain.aftersales"
    label = "aftersales"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.aftersales import permissions  # noqa: F401
        from punctual.domain.aftersales.selectors import case_by_id
        from punctual.kernel.wording import N_
        from punctual.platform import targets
        from punctual.platform.notifications.kinds import register_event, register_kind

        targets.register(
            targets.Target(
                name="servicecase",
                label=N_("Service case"),
                fetch=case_by_id,
                url_name="service_case",
                url_key="key",
                icon="tool",
            )
        )
        register_kind("service", N_("Visits to customers"))
        register_event("service_case.opened", N_("A service case was opened"))
        register_event("service_case.solved", N_("A service case was solved"))
