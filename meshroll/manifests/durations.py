"""Durations as Argo Rollouts reads them: Go's `time.ParseDuration`, and for pauses a bare number of seconds.

Argo Rollouts holds a pause as whole seconds in 32 bits: 1.5h is 5400 of them, 500ms none.
"""

from __future__ import annotations

import re

from meshroll.errors import BadInputError

_UNITS = {
    "ns": 1,
    "us": 10**3,
    "\u00b5s": 10**3,  # micro sign
    "\u03bcs": 10**3,  # Greek letter mu
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^.0-9]+)")
_WHOLE = re.compile("[+-]?[0-9]+")
_LIMIT = 1 << 63
_DIGITS = len(str(_LIMIT))
_LONGEST = (1 << 31) - 1
_SECOND = 10**9


def nanoseconds(text: str) -> int | None:
    """What Go's `time.ParseDuration` makes of a text, None for its error."""
    rest = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
    if rest == "0":
        return 0
    total, at = 0, 0
    while at < len(rest):
        match = _PART.match(rest, at)
        if match is None or not (match[1] or match[2]) or match[3] not in _UNITS:
            return None
        digits, unit = match[1].lstrip("0"), _UNITS[match[3]]
        whole = int(digits or 0) if len(digits) <= _DIGITS else _LIMIT
        if whole > _LIMIT // unit:
            return None
        total += whole * unit + _fraction(match[2] or "", unit)
        if total > _LIMIT:
            return None
        at = match.end()
    total = -total if text.startswith("-") else total
    return total if rest and total < _LIMIT else None


def seconds(duration: str | float) -> int:
    """The whole seconds of a pause's duration: a number, or text such as "90s", "1.5h" or "1h30m".

    Raises BadInputError for one that Argo Rollouts refuses.
    """
    found = _seconds(duration)
    if found is None:
        raise BadInputError(f"{duration!r} is not a duration", expected="a time such as 30s, 10m or 1h30m")
    return found


def is_duration(value: object) -> bool:
    """Whether Argo Rollouts can pause for a value: it can be read, and is not below zero in whole seconds."""
    return isinstance(value, str | int | float) and _seconds(value) is not None


def duration_text(total: int) -> str:
    """Seconds as a person writes them: 1h30m, 10m, 45s."""
    hours, rest = divmod(total, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{amount}{unit}" for amount, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if amount]
    return "".join(parts) or "0s"


def described(duration: str | float) -> str:
    """A pause's duration for a person, with what Argo Rollouts makes of it where that is not the same."""
    found = _seconds(duration)
    if found is None:
        return f"{duration!r} (not a duration)"
    exact = None if isinstance(duration, int | float) or _WHOLE.fullmatch(duration) else nanoseconds(duration)
    if exact is not None and exact != found * _SECOND:
        return f"{duration} (counted as {duration_text(found)})"
    return duration_text(found)


def _seconds(duration: str | float) -> int | None:
    if isinstance(duration, bool) or not isinstance(duration, int | float | str):
        return None
    if isinstance(duration, int | float):
        return int(duration) if 0 <= duration <= _LONGEST and int(duration) == duration else None
    if _WHOLE.fullmatch(duration):
        digits = duration.lstrip("+-0")
        total = int(duration[:1].strip("+0123456789") + (digits or "0")) if len(digits) <= _DIGITS else -1
    else:
        exact = nanoseconds(duration)
        if exact is None:
            return None
        whole, part = divmod(abs(exact), _SECOND)
        total = int(float(whole) + float(part) / 1e9) * (-1 if exact < 0 else 1)  # as Go's Duration.Seconds rounds
    return total if 0 <= total <= _LONGEST else None


def _fraction(digits: str, unit: int) -> int:
    """What the digits after a point are worth; Go leaves out those that its 64 bits do not hold."""
    value, scale = 0, 1.0
    for digit in digits:
        longer = value * 10 + int(digit)
        if value > (_LIMIT - 1) // 10 or longer > _LIMIT:
            break
        value, scale = longer, scale * 10
    return int(float(value) * (float(unit) / scale))
