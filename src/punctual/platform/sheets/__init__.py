"""Spreadsheets in and out: .xlsx .xls .csv as rows of plain values with one clear sentence for what cannot be read."""
