"""The v1beta1 codec: one table per kind, and one engine that walks it in both directions.

`codec` is what others use. A kind's table is in the file of its name; `shapes` and `scalars` are the engine.
"""
