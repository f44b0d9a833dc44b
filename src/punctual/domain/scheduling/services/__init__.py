"""Writes of schedules, promises, absences, scenarios and settings."""
