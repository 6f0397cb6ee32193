"""YAML that every reader reads alike.

Argo CD and kubectl read YAML with Go libraries of another version than PyYAML's: `y`, `1e3` and `0o17` are strings to
one and a boolean or a number to the other. So every string that could be anything else to any of them is quoted.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import yaml

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./:@%+=,-]*(?<!:)")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})


class _Dumper(yaml.SafeDumper):
    """Safe dumper without aliases: equal values are written out each time."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class calls it so
        """Never an anchor."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - as above
        """Lists indented below their key, as people write manifests."""
        super().increase_indent(flow, False)


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _string)


def dump(value: Any) -> str:
    """One YAML document in block style, keys in their own order, lines never folded."""
    return yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=sys.maxsize
    )
