"""The only door to the store: validates, stores, lists and streams objects."""
