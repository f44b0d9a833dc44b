"""The company that runs this installation: its name and what holds for all."""
