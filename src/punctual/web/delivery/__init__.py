"""Pages of deliveries, acceptances, payments and closing."""
