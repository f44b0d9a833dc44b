from django.apps import AppConfig


class SupplyConfig(AppConfig):
    name = "punctual.domain.supply"
    label = "supply"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.supply import permissions, selectors  # noqa: F401 - declares what roles may do
        from punctual.kernel.wording import N_
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
