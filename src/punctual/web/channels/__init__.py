"""How people and programs are told: own choices, robots, webhooks, the log; calendar feeds."""
