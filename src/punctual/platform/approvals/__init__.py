"""Chains of approval for whatever asks for one; this app knows no order."""
