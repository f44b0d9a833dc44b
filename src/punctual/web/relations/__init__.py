"""Pages of requests, meetings and feedback."""
