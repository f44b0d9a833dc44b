from django.apps import AppConfig


class ChangesConfig(AppConfig):
    name = "punctual.domain.changes"
    label = "changes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from decimal import Decimal

        from punctual.domain.changes import permissions  # noqa: F401
        from punctual.domain.changes.selectors import change_by_id
        from punctual.domain.changes.services.purchase_orders import before_submit, note_import
        from punctual.domain.changes.services.raising import SUBJECT, decided
        from punctual.domain.orders import guards
        from punctual.kernel.wording import N_
        from punctual.platform import targets
        from punctual.platform.accounts.models import Role
        from punctual.platform.approvals.rules import Level
        from punctual.platform.approvals.subjects import Subject, register

        targets.register(
            targets.Target(
                name="changeorder",
                label=N_("Change order"),
                fetch=change_by_id,
                url_name="change",
                url_key="number",
                icon="git-pull-request",
            )
        )
        guards.register("submit", "purchase_order", before_submit)
        guards.register_imported("purchase_order", note_import)
        register(
            Subject(
                SUBJECT,
                N_("Change order"),
                "git-pull-request",
                (
                    Level(Role.PLANNER, 1),
                    Level(Role.FINANCE, 1, minimum_amount=Decimal(50_000)),
                    Level(Role.MANAGER, 2, minimum_amount=Decimal(200_000), minimum_days=3),
                ),
                decided,
            )
        )
