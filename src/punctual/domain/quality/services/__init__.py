"""Writes of quality: one verb, one function."""
