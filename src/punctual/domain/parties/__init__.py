"""Customers with contacts, and suppliers."""
