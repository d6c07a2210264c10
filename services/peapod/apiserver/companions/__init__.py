"""What is committed together with objects, kind by kind: see `Companion` in writer.py."""
