"""Durations as Go and Argo Rollouts read them."""

from __future__ import annotations

import re

_PART = r"(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)"
_DURATION = re.compile(rf"[+-]?(?:{_PART})+")


def is_duration(value: object) -> bool:
    """Whether a pause's duration can be read and is not below zero: seconds, or a duration of Go such as 1.5h."""
    text = str(value)
    try:
        return int(text) >= 0
    except ValueError:
        pass
    if text in {"0", "+0", "-0"}:
        return True
    # Below one second is zero seconds to Argo Rollouts.
    return bool(_DURATION.fullmatch(text)) and (not text.startswith("-") or _is_short(text))


def _is_short(text: str) -> bool:
    """Whether a duration below zero is less than a second, which is cut to none."""
    units = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
    parts = re.findall(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", text)
    return sum(float(number) * units[unit] for number, unit in parts) < 1.0
