"""What `peapod simulate` runs, asks for and measures."""
