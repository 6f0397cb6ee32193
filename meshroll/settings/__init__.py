"""A stack's settings: read, checked, explained, and the one edit of a stack file that Meshroll makes."""

from typing import TYPE_CHECKING

from meshroll.lazy import names_of

if TYPE_CHECKING:
    from meshroll.settings.edit import set_version
    from meshroll.settings.effective import Effective, explain
    from meshroll.settings.load import load_file, load_values, stack_file
    from meshroll.settings.model import Stack
    from meshroll.settings.sources import Sealed
else:  # much of Meshroll needs a stack's values or fields, and reads no stack file
    __getattr__ = names_of(
        __name__,
        {
            "Effective": "effective",
            "Sealed": "sources",
            "Stack": "model",
            "explain": "effective",
            "load_file": "load",
            "load_values": "load",
            "set_version": "edit",
            "stack_file": "load",
        },
    )

__all__ = ["Effective", "Sealed", "Stack", "explain", "load_file", "load_values", "set_version", "stack_file"]
