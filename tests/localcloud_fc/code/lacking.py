"""A module that lacks what it needs."""

from importlib import import_module

import_module("not_installed_anywhere")
