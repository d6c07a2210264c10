"""Old API versions over HTTP, and the codec that speaks them."""
