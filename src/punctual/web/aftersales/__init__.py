"""Pages of service after delivery."""
