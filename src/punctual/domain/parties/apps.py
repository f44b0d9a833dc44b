from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "punctual.domain.parties"
    label = "parties"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.parties import permissions, selectors  # noqa: F401 - declares what roles may do
        from punctual.kernel.wording import N_
        from punctual.platform.targets import Target, register

        register(Target("customer", N_("customer"), selectors.get_customer, "customer", icon="building"))
        register(Target("contact", N_("contact"), selectors.get_contact, "contact", icon="user"))
        register(Target("supplier", N_("supplier"), selectors.get_supplier, "supplier", icon="truck-delivery"))
