"""Schedule runs over all orders, promises and their ledger, scenarios: the only domain caller of the planning
engine's portfolio."""
