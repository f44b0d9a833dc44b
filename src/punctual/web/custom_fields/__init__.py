"""Custom fields: their settings page, and the forms of their values."""
