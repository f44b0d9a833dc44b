"""Delivery gates, shipments, acceptance, payment milestones."""
