"""The two ways to a `Stack`: a stack file (the command line) and Pulumi's configuration (the program).

Both go the same way: references followed, schema, defaults, names, services; the first problem is the error. Under
Pulumi the values are Pulumi's (`--config-file`, `config set` and secrets count) and the file only gives the lines: a
key whose value in the file is another has none. Services in a file of their own are read from it either way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from meshroll.errors import BadInputError
from meshroll.settings import document, files, schema, sources
from meshroll.settings.build import PREFIX, ContradictionError, build
from meshroll.settings.check import check_services
from meshroll.settings.document import Document, Pointer, pointer_text
from meshroll.settings.files import KEY, SERVICES, StackFile, is_below, read_services, with_services
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
    if not _NAME.fullmatch(short):
        raise BadInputError(f"{name!r} cannot be a stack's name", expected="letters, digits, '-', '_' and '.'")
    path = usual_path(name, project)
    if not path.is_file():
        known = [file.name[len("Pulumi.") : -len(".yaml")] for file in path.parent.glob("Pulumi.*.yaml")]
        question, expected = schema.suggest(short, known)
        raise BadInputError(f"there is no stack {short}{question}", where=document.shown(path), expected=expected)
    return path


def usual_path(name: str, project: Path) -> Path:
    """Where the file of a stack belongs; it need not be there."""
    return project / "stacks" / f"Pulumi.{name.rpartition('/')[2]}.yaml"


def stack_name(path: Path) -> str:
    """The stack that a file belongs to."""
    match = re.fullmatch(r"Pulumi\.(.+)\.ya?ml", path.name)
    return match[1] if match else path.stem


def load_file(path: Path, environ: Mapping[str, str] = os.environ) -> Stack:
    """The stack of a file. Raises BadInputError with file, line and pointer."""
    file = files.read(path)
    checked = check(file.value, environ, file.where, order=file.order, source=file.source)
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

    `file` is the stack's usual file: services in a file of their own are named from its folder, and lines are its.
    Where the file agrees with a key, it says which values within are the secret ones.
    """
    ours = {key: value for key, value in values.items() if key.startswith(PREFIX)}
    lines = _lines(file, ours)
    stack_document = lines.document if lines is not None else document.NONE

    def has_line(pointer: Pointer) -> bool:
        return lines is not None and (pointer[1:2] == () or pointer[1] in lines.keys or pointer[1] not in ours)

    def configured(pointer: Pointer) -> str:
        if has_line(pointer):
            return stack_document.where(pointer)
        return f"configuration of stack {stack} {pointer_text(pointer)}".rstrip()

    usual = file or usual_path(stack, Path.cwd())
    services = read_services(ours.get(KEY), usual, configured((*SERVICES, "file")))
    if services is not None and isinstance(services.value, dict):
        # As Pulumi hands over the services of a stack file: the order is not a change of a Release.
        services = replace(services, value=dict(sorted(services.value.items())))
    written = StackFile(stack_document, services)

    def in_services(pointer: Pointer) -> bool:
        return services is not None and is_below(pointer)

    def where(pointer: Pointer) -> str:
        return written.where(pointer) if in_services(pointer) else configured(pointer)

    def source(pointer: Pointer) -> str:
        return written.source(pointer) if in_services(pointer) or has_line(pointer) else ""

    secret = frozenset(secrets)
    checked = check(
        with_services({"config": ours}, services),
        environ,
        where,
        order=written.order,
        source=source,
        secret=secret,
    )
    sealed = sources.sealed_in(lines.document.value, lines.keys) if lines is not None else frozenset()
    check_secrets(misplaced(sealed, secret), where, "a secret would be kept in Pulumi's state in clear")
    return make(stack, str(file) if lines is not None else None, checked, where)


def check(
    value: Any,
    environ: Mapping[str, str],
    where: Callable[[Pointer], str],
    *,
    order: Callable[[Pointer], tuple[int, int]],
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
        problem = error.problem
        if checked.hidden(problem.pointer) and _at(checked.values, problem.pointer) in problem.what:
            problem = replace(problem, what="the value does not fit")
        raise problem.error(where(problem.pointer)) from None
    check_services(stack.services, where, checked.hidden)
    return stack


def _at(value: Any, pointer: Pointer) -> str:
    """The value at a place, as text; "" where there is none."""
    for step in pointer:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return ""
    return str(value)


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
