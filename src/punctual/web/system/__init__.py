"""The installation itself, for its administrator: what runs, what waits, what is wrong."""
