"""Keeps the endpoints of services: the addresses of the pods that are ready."""
