"""Fields that a company adds to orders, tasks and customers: what they are, and their values."""
