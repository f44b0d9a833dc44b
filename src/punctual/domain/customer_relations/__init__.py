"""Meetings, customer requests with a clock, feedback."""
