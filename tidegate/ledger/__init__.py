"""The append-only history of every instance, and the shelves it can stand on."""
