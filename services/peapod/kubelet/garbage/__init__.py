"""Removes what nobody needs any more: containers of pods that are over, and images that no container uses."""
