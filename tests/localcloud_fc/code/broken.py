"""A module that fails to load."""

raise RuntimeError("at the door")
