"""People, equipment and outsourced services, and their skills."""
