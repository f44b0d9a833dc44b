"""Action items: one list for everything somebody must do, whatever caused it."""
