"""Readers and writers of planning files: Microsoft Project XML, PSPLIB, portfolio and network JSON."""
