"""Customers with their contacts, and suppliers."""
