from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "punctual.domain.catalog"
    label = "catalog"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.catalog import permissions, selectors  # noqa: F401 - declares what roles may do
        from punctual.kernel.wording import N_
        from punctual.platform.targets import Target, register

        register(Target("product", N_("product"), selectors.get_product, "product", icon="package"))
