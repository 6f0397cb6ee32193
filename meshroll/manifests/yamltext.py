"""YAML that every reader reads alike.

Argo CD and kubectl read YAML with Go libraries of another version than PyYAML's: `y`, `1e3` and `0o17` are strings to
one and a boolean or a number to the other. So every string that could be anything else to any of them is quoted.

PyYAML decides what the text is, but its emitter in Python is slow, and libyaml's does not indent lists. So what nearly
every manifest consists of (mappings, lists, whole numbers, truth values and printable ASCII text) is written here, byte
for byte as PyYAML writes it; a document that holds anything else is left to PyYAML.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

import yaml

from meshroll.yamltext import reads_as_another_value

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./:@%+=,-]*(?<!:)")
_ASCII = re.compile(r"[ -~]*")
_LONGEST_KEY = 100  # PyYAML writes keys of more than 122 characters in another form


class _OtherError(Exception):
    """A value that PyYAML must write."""


class _Dumper(yaml.SafeDumper):
    """Safe dumper without aliases: equal values are written out each time."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class calls it so
        """Never an anchor."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - as above
        """Lists indented below their key, as people write manifests."""
        super().increase_indent(flow, False)


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _is_plain(text) else '"')


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and not reads_as_another_value(text)


_Dumper.add_representer(str, _string)


def dump(value: Any) -> str:
    """One YAML document in block style, keys in their own order, lines never folded."""
    try:
        return "\n".join(_lines(value)) + "\n" if type(value) is dict and value else by_pyyaml(value)
    except _OtherError:
        return by_pyyaml(value)


def by_pyyaml(value: Any) -> str:
    """The same, by PyYAML alone."""
    return yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=sys.maxsize
    )


def _lines(value: Any) -> Iterator[str]:
    """The lines of a mapping or list that is not empty."""
    if type(value) is dict:
        for key, item in value.items():
            if type(key) is not str or not 0 < len(key) <= _LONGEST_KEY:
                raise _OtherError
            name = _scalar(key)
            if item and type(item) in (dict, list):
                yield f"{name}:"
                yield from (f"  {line}" for line in _lines(item))
            else:
                yield f"{name}: {_scalar(item)}"
    else:
        for item in value:
            if item and type(item) in (dict, list):
                lines = _lines(item)
                yield f"- {next(lines)}"
                yield from (f"  {line}" for line in lines)
            else:
                yield f"- {_scalar(item)}"


def _scalar(value: Any) -> str:
    kind = type(value)
    if kind is str and _ASCII.fullmatch(value):
        text: str = value
        return text if _is_plain(text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if kind is int:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if value is None:
        return "null"
    if kind in (dict, list):
        return "{}" if kind is dict else "[]"
    raise _OtherError
