"""Where objects are kept: one protocol, two engines."""
