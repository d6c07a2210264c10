"""Empties namespaces that are to go, and lets them go."""
