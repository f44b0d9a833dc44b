"""Warranty clocks, service cases, returns."""
