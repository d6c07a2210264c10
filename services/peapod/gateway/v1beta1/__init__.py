"""The v1beta1 field table and the codec that walks it."""
