"""Assistants: an MCP server that reads with a person's own token and suggests; it does nothing by itself."""
