"""People, equipment and outsourced suppliers with skills, calendar and cost."""
