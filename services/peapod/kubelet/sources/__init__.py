"""Where a node's pods come from."""
