"""Comments and mentions on anything."""
