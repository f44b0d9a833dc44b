"""A list's filters and sort order under a name."""
