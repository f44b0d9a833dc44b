"""Time entries, expenses, commitments and actual cost against budget lines."""
