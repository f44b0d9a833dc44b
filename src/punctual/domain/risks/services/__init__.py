"""Writes: the register, its responses, the company's matrix and library."""
