"""The API of 2015 over HTTP, for clients that exist."""
