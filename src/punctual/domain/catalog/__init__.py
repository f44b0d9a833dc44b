"""Products with revisions, prices, order rules and the plan template they call for."""
