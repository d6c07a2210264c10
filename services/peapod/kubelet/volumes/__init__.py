"""One file per kind of volume."""
