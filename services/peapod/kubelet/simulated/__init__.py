"""Simulated nodes: many of them in one process, each a kubelet without containers."""
