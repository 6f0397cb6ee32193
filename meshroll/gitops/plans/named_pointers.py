"""A pointer by names instead of positions: how a place is found again after others changed the file around it.

A document is named by its kind, namespace and name, a list's item by its `name`. What has no name keeps its position.
So an edit planned for one Rollout of a file never lands in another that meanwhile took its place. In a text that is
YAML itself, such as a patch written in a kustomization, the same holds again.
"""

from __future__ import annotations

from typing import Any

from meshroll.errors import BadInputError
from meshroll.yamltext import Text, join_pointer, split_pointer


def anchor(text: Text, pointer: str) -> str:
    """The pointer of a file with names for positions where there are any; `locate` finds its place later."""
    outer, inner = text.parted(pointer)
    if inner and (within := text.within(outer)):
        return anchor(text, outer) + anchor(within, inner)
    first, *rest = split_pointer(pointer)
    document = text.documents[int(first)]
    tokens = [_document_name(document) or f"#{first}"]
    value = document
    for token in rest:
        name = _item_name(value[int(token)]) if isinstance(value, list) else None
        tokens.append(token if name is None else f"name={name}")
        value = value[int(token)] if isinstance(value, list) else value[token]
    return join_pointer(tokens)


def locate(text: Text, named: str) -> str | None:
    """The pointer that an anchor means in this file; None when there is no such place, or more than one."""
    first, *rest = split_pointer(named)
    if first.startswith("#"):
        index = _only([i for i in range(len(text.documents)) if str(i) == first[1:]])
    else:
        index = _only([i for i, document in enumerate(text.documents) if _document_name(document) == first])
    if index is None:
        return None
    value = text.documents[index]
    tokens: list[str | int] = [index]
    for depth, token in enumerate(rest):
        if isinstance(value, str):
            return _locate_within(text, join_pointer(tokens), join_pointer(rest[depth:]))
        key = _key(value, token)
        if key is None:
            return None
        tokens.append(key)
        value = value[key]
    return join_pointer(tokens)


def _locate_within(text: Text, pointer: str, named: str) -> str | None:
    try:
        within = text.within(pointer)
    except BadInputError:
        return None
    inner = locate(within, named) if within else None
    return None if inner is None else pointer + inner


def _key(value: Any, token: str) -> str | int | None:
    if isinstance(value, dict):
        return token if token in value else None
    if not isinstance(value, list):
        return None
    if token.startswith("name="):
        return _only([i for i, item in enumerate(value) if _item_name(item) == token.removeprefix("name=")])
    return _only([i for i in range(len(value)) if str(i) == token])


def _only(found: list[int]) -> int | None:
    return found[0] if len(found) == 1 else None


def _document_name(document: Any) -> str | None:
    metadata = document.get("metadata") if isinstance(document, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not isinstance(metadata, dict):
        return None
    return f"{document.get('kind', '')} {metadata.get('namespace', '')}/{name}"


def _item_name(item: Any) -> str | None:
    name = item.get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) else None
