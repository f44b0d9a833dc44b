from django.apps import AppConfig


class CustomerRelationsConfig(AppConfig):
    name = "punctual.domain.customer_relations"
    label = "customer_relations"
    default_auto_field = "django.db.models.BigAutoField"
