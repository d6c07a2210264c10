"""Reads and writes objects by tables; knows of no version and of no kind."""
