"""Write families, products, revisions and list prices: one verb one function."""
