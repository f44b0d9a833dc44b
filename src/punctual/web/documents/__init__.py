"""Documents of an order with their approval, and the customer who approves one."""
