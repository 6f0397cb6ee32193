"""YAML read into events, by libyaml where PyYAML was built with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import yaml
from yaml.reader import Reader

from meshroll.errors import BadInputError
from meshroll.yamltext.nodes import NodeKind, ReaderEvent
from meshroll.yamltext.source import Source

_Loader: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_UNPRINTABLE: Final[re.Pattern[str]] = Reader.NON_PRINTABLE  # what YAML 1.1 allows in no file
_HANDLE: Final = re.compile(r"(?:\A|(?<=[\n\r\x85\u2028\u2029]))%TAG")
MAX_HANDLES: Final = 100  # libyaml compares each with all before it, and each tag with all of them
_STARTS: Final[dict[type, NodeKind]] = {yaml.MappingStartEvent: "mapping", yaml.SequenceStartEvent: "sequence"}


def events(source: Source) -> Iterator[ReaderEvent]:
    """What is in the text. Raises BadInputError with the place of the first thing that is not YAML."""
    if found := _UNPRINTABLE.search(source.text):
        what = f"is not YAML: the character U+{ord(found[0]):04X} is not allowed"
        raise BadInputError(what, where=source.where(found.start()))
    _check_handles(source)
    offset = source.body
    try:
        event: Any
        for event in yaml.parse(source.text[offset:], Loader=_Loader):
            start, end = event.start_mark.index + offset, event.end_mark.index + offset
            if isinstance(event, yaml.ScalarEvent):
                yield ReaderEvent(
                    "scalar", start, end, event.value, event.style or "", event.tag or "", event.anchor or ""
                )
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                yield ReaderEvent(
                    _STARTS[type(event)],
                    start,
                    end,
                    "",
                    "",
                    event.tag or "",
                    event.anchor or "",
                    bool(event.flow_style),
                )
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                yield ReaderEvent("end", start, end)
            elif isinstance(event, yaml.AliasEvent):
                yield ReaderEvent("alias", start, end, event.anchor or "")
            elif isinstance(event, yaml.DocumentStartEvent):
                yield ReaderEvent("document", start, end)
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(source, error) from None
    except yaml.YAMLError as error:
        raise BadInputError(f"is not YAML: {' '.join(str(error).split())}", where=source.name) from None


def _check_handles(source: Source) -> None:
    """Raise BadInputError for more handles of tags than anybody has."""
    handles = _HANDLE.finditer(source.text) if "%TAG" in source.text else iter(())
    if found := next(islice(handles, MAX_HANDLES, None), None):
        where = source.where(found.start())
        raise BadInputError("declares too many handles of tags (%TAG)", where=where, expected=f"at most {MAX_HANDLES}")


def _not_yaml(source: Source, error: yaml.MarkedYAMLError) -> BadInputError:
    mark = error.problem_mark or error.context_mark
    reason = " ".join(filter(None, (error.problem, error.context)))
    where = source.where(min(mark.index + source.body, len(source.text))) if mark else source.name
    return BadInputError(f"is not YAML: {reason}", where=where)
