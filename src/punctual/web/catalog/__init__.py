"""Products with revisions and list prices, and their families."""
