"""Orders, their lines, checks, review and states."""
