"""The tables of v1beta3, which has `metadata`, `spec` and `status`."""
