"""Makes services reachable from a node."""
