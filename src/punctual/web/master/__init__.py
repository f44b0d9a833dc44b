"""What the pages of customers, suppliers, products, resources and calendars share."""
