"""The node itself: what it is, what it grants pods of its network, and how it reports."""
