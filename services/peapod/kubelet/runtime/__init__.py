"""One protocol for whatever runs containers."""
