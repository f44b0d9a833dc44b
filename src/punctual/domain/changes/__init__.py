"""Change orders: impact, approval, revisions of an order."""
