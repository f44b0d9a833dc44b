"""Exchange rates kept by finance."""
