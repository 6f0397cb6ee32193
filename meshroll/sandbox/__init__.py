"""The embedded default: a whole hosted mesh on loopback, built from Go modules, run without root and without Docker.

`Sandbox(name)` offers `up`, `status`, `environment`, `logs`, `stop`, `start`, `down`, `clean`. Only the command
line imports it; nothing that a user runs against a real cluster does.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshroll.sandbox.convergence.settled import wait_settled
    from meshroll.sandbox.sandbox import Sandbox
    from meshroll.sandbox.state.home import Home
    from meshroll.sandbox.supervision.supervisor import PartState, PartStatus

__all__ = ["Home", "PartState", "PartStatus", "Sandbox", "wait_settled"]

# The parts that are Python programs live below this package: importing one of them must not load all of the above.
_HOMES = {
    "Home": "state.home",
    "PartStatus": "supervision.supervisor",
    "Sandbox": "sandbox",
    "PartState": "supervision.supervisor",
    "wait_settled": "convergence.settled",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
