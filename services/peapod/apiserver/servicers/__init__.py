"""The RPCs: each takes its request apart and calls the registry."""
