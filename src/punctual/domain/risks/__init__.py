"""Risks of orders and of the company: register, responses, quantified effect on the delivery date."""
