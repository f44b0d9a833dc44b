"""Dates for a new order against all confirmed ones: nobody moves, others move within their promises, and with
levers.
"""
