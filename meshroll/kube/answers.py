"""An API server's answers, read within limits: a hostile one costs neither memory nor time, and has no odd shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from meshroll.kube.api import Object

MAX_BYTES = 64 << 20  # unpacked; a list of a large cluster has some MiB
MAX_DEPTH = 100
_PIECE = 16 << 10  # bytes at once: gzip can make a thousand times as many of them

_SHAPE = "its answer is not of the shape that an API server gives it"


class StrangeAnswerError(Exception):
    """The answer is not one of an API server; the message says how."""


def whole(response: Any) -> bytes:
    """The body of an answer that is still to be read. Raises StrangeAnswerError above MAX_BYTES, and HTTPError."""
    body = bytearray()
    for piece in response.stream(_PIECE, decode_content=True):
        body += piece
        if len(body) > MAX_BYTES:
            response.close()
            raise StrangeAnswerError(f"its answer has more than {MAX_BYTES >> 20} MiB")
    response.release_conn()
    return bytes(body)


def lines(response: Any) -> Iterator[bytes]:
    """The lines of an answer that goes on. Raises as `whole`, for one line."""
    line = bytearray()
    for piece in response.stream(64 << 10, decode_content=False):
        end, *others = piece.split(b"\n")
        line += end
        if len(line) > MAX_BYTES:
            raise StrangeAnswerError(f"a line of its answer has more than {MAX_BYTES >> 20} MiB")
        if others:
            yield from filter(None, (bytes(line), *others[:-1]))
            line = bytearray(others[-1])


def parsed(body: bytes) -> Object:
    """An answer that is one JSON object. Raises StrangeAnswerError."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise StrangeAnswerError("it does not answer in JSON: something else than an API server?")
    if _is_too_deep(answer):
        raise StrangeAnswerError(f"its answer is nested deeper than {MAX_DEPTH} levels")
    return an_object(answer)


def an_object(value: Any) -> Object:
    """A value that must be an object with metadata of the right kind, if it has any. Raises StrangeAnswerError."""
    if not isinstance(value, dict) or not isinstance(value.get("metadata"), dict | None):
        raise StrangeAnswerError(_SHAPE)
    return value


def items(answer: Object, key: str = "items") -> list[Object]:
    """The objects that an answer lists; none where it has no such key. Raises StrangeAnswerError."""
    listed = answer.get(key)
    if not isinstance(listed, list | None):
        raise StrangeAnswerError(_SHAPE)
    return [an_object(item) for item in listed or ()]


def text(answer: Object, key: str) -> str:
    """A text in an answer. Raises StrangeAnswerError."""
    value = answer.get(key)
    if not isinstance(value, str):
        raise StrangeAnswerError(_SHAPE)
    return value


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
