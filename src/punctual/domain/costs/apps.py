"""What an order has cost and will cost: time, expenses, commitments."""

from django.apps import AppConfig


class CostsConfig(AppConfig):
    name = "punctual.domain.costs"
    label = "costs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from punctual.domain.costs import permissions  # noqa: F401
