"""Write customers, contacts and suppliers: one verb one function."""
