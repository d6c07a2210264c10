"""Peapod: a small, typed pod orchestrator; every service is a subpackage."""

__version__ = "0.1.0"
