"""Answers for the names of services, and passes all other questions on."""
