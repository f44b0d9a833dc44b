"""Company calendars: shifts, holidays, make-up days, exceptions."""
