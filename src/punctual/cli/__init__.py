"""The ``punctual`` command."""
