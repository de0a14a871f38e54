"""Who wakes us: `on_*` are triggers, bare verbs are the workflow's steps. A handler is a door of a few lines."""
