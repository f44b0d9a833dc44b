"""Improving finite-capacity schedules until told to stop: makespan of one project, weighted tardiness of many
orders.
"""
