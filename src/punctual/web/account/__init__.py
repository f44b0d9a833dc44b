"""Sign-in pages, my settings, people and roles."""
