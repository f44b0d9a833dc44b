"""Files attached to anything, stored once by content hash."""
