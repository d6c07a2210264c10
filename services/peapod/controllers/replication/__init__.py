"""Keeps the count of pods that replication controllers ask for."""
