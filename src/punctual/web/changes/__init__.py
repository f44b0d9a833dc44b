"""Pages of change orders and of the customer who answers one."""
