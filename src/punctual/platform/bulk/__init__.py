"""Several records changed at once, and the way back."""
