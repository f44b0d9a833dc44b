"""Plan templates, plans, tasks, dependencies, assignments and baselines."""
