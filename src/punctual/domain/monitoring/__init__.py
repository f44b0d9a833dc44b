"""Progress reports, earned value, early warnings, forecasts."""
