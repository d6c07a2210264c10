"""Copies of a kind's objects that many read and watch: what the apiserver and the gateway serve from.

A `Cache` holds the objects as of one revision, and a ring of the latest changes; a `FanOut` has its watches. How an
object is written for whoever reads it is a `Form`'s.
"""
