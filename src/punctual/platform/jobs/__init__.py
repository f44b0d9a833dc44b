"""Background jobs with progress, over django-q2."""
