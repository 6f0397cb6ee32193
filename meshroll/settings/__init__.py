"""A stack's settings: read, checked, explained, and the one edit of a stack file that Meshroll makes."""

from meshroll.settings.edit import set_version
from meshroll.settings.explain import Effective, explain
from meshroll.settings.load import load_file, load_values, stack_file
from meshroll.settings.model import Stack
from meshroll.settings.sources import Sealed

__all__ = ["Effective", "Sealed", "Stack", "explain", "load_file", "load_values", "set_version", "stack_file"]
