"""Gap-free document numbers: one counter a series and year, taken inside the caller's transaction."""
