"""How API versions write objects as JSON or YAML: one table per kind and version, read both ways by one engine."""
