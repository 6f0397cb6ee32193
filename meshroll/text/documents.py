"""JSON: characters beyond ASCII stay readable, and those that a terminal would obey or hide are escaped."""

from __future__ import annotations

import json
import re
from typing import Any

from meshroll.text.terminal import HIDDEN

_HIDDEN = re.compile(f"[{HIDDEN}]")  # those below a space are escaped by JSON itself


def as_json(value: Any, *, indent: int | None = None) -> str:
    """A value as JSON; the same value is read from it."""
    return _HIDDEN.sub(_escaped, json.dumps(value, ensure_ascii=False, indent=indent))


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]
