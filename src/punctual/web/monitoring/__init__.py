"""Progress, warnings, recovery, earned value, reports."""
