"""What v1beta2 has otherwise than v1beta1: a few names are gone from it."""
