"""One app per noun of the business, in tiers; see ARCHITECTURE.md."""
