"""The use cases: what happens when an alert, a tick, a person or the workflow calls."""
