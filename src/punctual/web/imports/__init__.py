"""Import of master data: upload, match columns, look at every row, commit."""
