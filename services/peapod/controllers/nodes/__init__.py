"""Nodes: which are ready, and what becomes of the pods of those that are not."""
