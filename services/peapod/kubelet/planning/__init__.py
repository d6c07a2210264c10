"""Decides: what is to be done about one pod, as pure functions of what is wanted, what is there and the time."""
