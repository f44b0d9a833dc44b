"""Writes of deliveries, acceptances, payments and closing."""
