"""Brings connections and datagrams from portals to their backends in this process."""
