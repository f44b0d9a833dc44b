"""People who sign in: users, their role, language, theme and time zone; API tokens."""
