from django.apps import AppConfig


class SupplyConfig(AppConfig):
    name = "punctual.domain.supply"
    label = "supply"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from decimal import Decimal

        from punctual.domain.supply import permissions, selectors  # noqa: F401 - declares what roles may do
        from punctual.domain.supply.services.approving import SUBJECT
        from punctual.domain.supply.services.purchases import decided
        from punctual.kernel.wording import N_
        from punctual.platform.accounts.models import Role
        from punctual.platform.approvals.rules import Level
        from punctual.platform.approvals.subjects import Subject
        from punctual.platform.approvals.subjects import register as register_subject
        from punctual.platform.targets import Target, register

        register(Target("material", N_("material"), selectors.material_by_id, "material", icon="package"))
        register(
            Target(
                "purchaseorder",
                N_("purchase order"),
                selectors.purchase_by_id,
                "purchase_order",
                url_key="number",
                icon="truck-delivery",
            )
        )
        over = (Level(Role.MANAGER, 1, minimum_amount=Decimal(500_000)),)
        register_subject(Subject(SUBJECT, N_("Purchase over the limit"), "truck-delivery", over, decided))
