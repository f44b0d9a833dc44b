from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "punctual.domain.delivery"
    label = "delivery"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.delivery import checks, permissions, selectors  # noqa: F401
        from punctual.domain.orders import guards
        from punctual.kernel.wording import N_
        from punctual.platform import targets

        checks.register_gates()
        guards.register("deliver", "delivery", checks.before_deliver)
        guards.register("deliver_part", "delivery", checks.before_deliver_part)
        guards.register("accept", "delivery", checks.before_accept)
        guards.register("close", "delivery", checks.before_close)
        guards.register_delivered("delivery", selectors.shipped_quantities)
        for name, label, fetch, url_name, key, icon in (
            ("delivery", N_("Delivery"), selectors.delivery_by_id, "delivery", "number", "truck-delivery"),
            ("acceptance", N_("Acceptance"), selectors.acceptance_by_id, "acceptance", "pk", "clipboard-check"),
        ):
            targets.register(
                targets.Target(name=name, label=label, fetch=fetch, url_name=url_name, url_key=key, icon=icon)
            )
