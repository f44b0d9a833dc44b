"""What every business application needs and no order knows: accounts, audit, jobs, numbering, search and the like."""
