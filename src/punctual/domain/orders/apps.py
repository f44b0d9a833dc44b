from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "punctual.domain.orders"
    label = "orders"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.orders import permissions  # noqa: F401
        from punctual.domain.orders.selectors import order_by_id
        from punctual.kernel.wording import N_
        from punctual.platform import targets

        targets.register(
            targets.Target(
                name="order",
                label=N_("Order"),
                fetch=order_by_id,
                url_name="order",
                url_key="key",
                icon="file-text",
            )
        )
