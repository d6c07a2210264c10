"""Looks after running containers: their hooks and their probes."""
