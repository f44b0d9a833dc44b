"""Pure planning mathematics: integer working minutes in, verified schedules out. No Django; I/O only in formats/."""
