"""Schedules on the pages: promises, load, rush orders, scenarios, runs, calibration."""
