"""Events written in the same transaction as the change, handled after commit, each handler once an event."""
