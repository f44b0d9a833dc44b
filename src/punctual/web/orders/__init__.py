"""Pages of orders, their review and import."""
