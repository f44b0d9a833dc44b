"""Faults made on purpose, and whether the promises hold; each with a control that must break them."""
