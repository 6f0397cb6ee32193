"""Which inputs of a Release differ, as the preview names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshroll.release.properties import significant


def changed_inputs(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The paths of significant inputs that differ, such as `services[3].version`."""
    before, after = significant(old), significant(new)
    keys = [key for key in after if key != "services" and before[key] != after[key]]
    olds, news = before["services"] or [], after["services"] or []
    if [item.get("name") for item in olds] != [item.get("name") for item in news]:
        return [*keys, "services"]
    for index, (one, other) in enumerate(zip(olds, news, strict=True)):
        keys += [f"services[{index}].{key}" for key in sorted({*one, *other}) if one.get(key) != other.get(key)]
    return keys
