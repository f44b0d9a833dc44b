"""The page of what assistants suggest."""
