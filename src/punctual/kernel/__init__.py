"""Pure building stones without any third party: money, quantity, lifecycle, refusal."""
