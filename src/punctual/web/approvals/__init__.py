"""Pages of approvals: what waits for me, one approval on desk and phone, stand-ins, chains."""
