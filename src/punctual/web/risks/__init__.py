"""Risks: the register, an order's risks with what they do to its date, review, matrix and library."""
