"""Writes of change orders: one verb, one function."""
