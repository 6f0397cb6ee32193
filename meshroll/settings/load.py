"""The two ways to a `Stack`: a stack file (the command line) and Pulumi's configuration (the program).

Both go the same way: references followed, schema, defaults, names, services; the first problem is the error. Under
Pulumi the values are Pulumi's (`--config-file`, `config set` and secrets count) and the file only gives the lines: a
key whose value in the file is another has none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from meshroll.errors import BadInputError
from meshroll.settings import document, schema, sources
from meshroll.settings.build import PREFIX, ContradictionError, build
from meshroll.settings.check import check_services
from meshroll.settings.document import Document, Pointer, pointer_text
from meshroll.settings.model import Stack
from meshroll.settings.secrecy import check_secrets, misplaced
from meshroll.yamltext import MAX_BYTES, Date, read_json

MAX_JSON_BYTES: Final = 4 * MAX_BYTES  # what a stack file can hold, written as JSON
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Checked:
    """Values that passed the schema, before and after its defaults, and where they came from."""

    values: Any
    defaults: frozenset[Pointer]
    resolved: sources.Resolved
    hidden: Callable[[Pointer], bool]  # what no message may show


@dataclass(frozen=True)
class _Lines:
    document: Document
    keys: frozenset[str]  # those that the file has as Pulumi gave them


def stack_file(name: str, project: Path) -> Path:
    """The file of a stack, named as Pulumi names it (`stack` or `organization/project/stack`)."""
    short = name.rpartition("/")[2]
    folder = project / "stacks"
    if not _NAME.fullmatch(short):
        raise BadInputError(f"{name!r} cannot be a stack's name", expected="letters, digits, '-', '_' and '.'")
    path = folder / f"Pulumi.{short}.yaml"
    if not path.is_file():
        known = [file.name[len("Pulumi.") : -len(".yaml")] for file in folder.glob("Pulumi.*.yaml")]
        question, expected = schema.suggest(short, known)
        raise BadInputError(f"there is no stack {short}{question}", where=document.shown(path), expected=expected)
    return path


def stack_name(path: Path) -> str:
    """The stack that a file belongs to."""
    match = re.fullmatch(r"Pulumi\.(.+)\.ya?ml", path.name)
    return match[1] if match else path.stem


def load_file(path: Path, environ: Mapping[str, str] = os.environ) -> Stack:
    """The stack of a file. Raises BadInputError with file, line and pointer."""
    file = document.read(path)
    checked = check(file.value, environ, file.where, order=file.start, source=file.source)
    check_secrets(misplaced(checked.resolved.sealed), file.where, "only pulumi can open this secret")
    return make(stack_name(path), str(path), checked, file.where)


def load_values(
    stack: str,
    values: Mapping[str, Any],
    file: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    secrets: Collection[str] = (),
) -> Stack:
    """The stack of Pulumi's configuration: full keys and decoded values. The keys in `secrets` are never shown.

    Where the file agrees with a key, it says which values within are the secret ones.
    """
    ours = {key: value for key, value in values.items() if key.startswith(PREFIX)}
    lines = _lines(file, ours)

    def has_line(pointer: Pointer) -> bool:
        return lines is not None and (pointer[1:2] == () or pointer[1] in lines.keys or pointer[1] not in ours)

    def where(pointer: Pointer) -> str:
        if lines is not None and has_line(pointer):
            return lines.document.where(pointer)
        return f"configuration of stack {stack} {pointer_text(pointer)}".rstrip()

    def source(pointer: Pointer) -> str:
        return lines.document.source(pointer) if lines is not None and has_line(pointer) else ""

    def order(pointer: Pointer) -> int:
        return lines.document.start(pointer) if lines is not None else 0

    secret = frozenset(secrets)
    checked = check({"config": ours}, environ, where, order=order, source=source, secret=secret)
    sealed = sources.sealed_in(lines.document.value, lines.keys) if lines is not None else frozenset()
    check_secrets(misplaced(sealed, secret), where, "a secret would be kept in Pulumi's state in clear")
    return make(stack, str(file) if lines is not None else None, checked, where)


def check(
    value: Any,
    environ: Mapping[str, str],
    where: Callable[[Pointer], str],
    *,
    order: Callable[[Pointer], int],
    source: Callable[[Pointer], str],
    secret: frozenset[str] = frozenset(),
) -> Checked:
    """Follow the references of a whole stack document, check it by the schema and fill in its defaults."""
    config = value.get("config") if isinstance(value, dict) else None
    if not isinstance(config, dict):
        raise BadInputError("holds no configuration", where=where(()), expected="a mapping config with meshroll: keys")
    ours = {key: item for key, item in config.items() if key.startswith(PREFIX)}
    resolved = sources.resolve({"config": ours}, environ, where)
    hidden_secrets = schema.secrets(resolved.value)

    def hidden(pointer: Pointer) -> bool:
        return (
            any(pointer[:n] in resolved.origins or pointer[:n] in hidden_secrets for n in range(len(pointer) + 1))
            or (len(pointer) > 1 and pointer[1] in secret)
            or pointer in resolved.sealed
        )

    whole = {**value, "config": {**config, **resolved.value["config"]}}
    if problem := schema.problem(whole, order=order, source=source, hidden=hidden):
        raise problem.error(where(problem.pointer))
    filled, defaults = schema.fill_defaults(resolved.value)
    return Checked(filled, defaults, resolved, hidden)


def make(name: str, file: str | None, checked: Checked, where: Callable[[Pointer], str]) -> Stack:
    """The stack of checked values."""
    try:
        stack = build(name, file, checked.values["config"])
    except ContradictionError as error:
        raise error.problem.error(where(error.problem.pointer)) from None
    check_services(stack.services, where, checked.hidden)
    return stack


def _lines(path: Path | None, values: Mapping[str, Any]) -> _Lines | None:
    # The values may come from elsewhere (--config-file): a key that the file has otherwise has no line there.
    if path is None or not path.is_file():
        return None
    try:
        file = document.read(path)
    except BadInputError:
        return None
    config = file.value.get("config") if isinstance(file.value, dict) else None
    if not isinstance(config, dict):
        return None
    return _Lines(file, frozenset(key for key, value in values.items() if key in config and _same(config[key], value)))


def _same(written: Any, value: Any) -> bool:
    if isinstance(written, dict) and set(written) == {"secure"}:
        return True
    if isinstance(written, dict) and isinstance(value, dict):
        return written.keys() == value.keys() and all(_same(written[key], value[key]) for key in written)
    if isinstance(written, list) and isinstance(value, list):
        return len(written) == len(value) and all(map(_same, written, value))
    if isinstance(written, Date):
        return isinstance(value, str) and value[:4] == written.text[:4]
    if isinstance(written, str) and not isinstance(value, str):
        return bool(decoded_json(written) == value)
    same: bool = type(written) is type(value) and written == value
    return same


def decoded_json(text: str) -> Any:
    """The value of a text that is JSON, else the text."""
    try:
        return read_json(text.encode("utf-8", "surrogatepass"), "", max_bytes=MAX_JSON_BYTES)
    except BadInputError:
        return text
