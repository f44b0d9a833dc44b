"""Materials, bills of material, stock, reservations, purchase orders, shortages."""
