"""Has the kernel bring connections from portals to their backends."""
