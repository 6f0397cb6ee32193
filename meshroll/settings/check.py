"""The services of a stack against what a label can hold and what their templates take.

Templates are the folders of `rollout_templates/`, of the project or of Meshroll; each says which parameters it takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from meshroll.errors import BadInputError
from meshroll.manifests.folders import DESCRIPTOR, TEMPLATES, known_templates, project_templates, template_folder
from meshroll.settings.build import PREFIX
from meshroll.settings.document import Pointer, shown
from meshroll.settings.fields import Field, check_fields_version
from meshroll.settings.model import Service

_GO_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [-+]\d{4} .*"
)  # how a date of the file reaches us through Pulumi


def check_services(
    services: Sequence[Service],
    where: Callable[[Pointer], str],
    hidden: Callable[[Pointer], bool],
    templates: Path = TEMPLATES,
) -> None:
    """Raise BadInputError for the first name, version, template or parameter that cannot be delivered."""
    known = known_templates(templates)
    for service in services:
        _check_service(service, where, hidden, templates, known)


def _check_service(
    service: Service,
    where: Callable[[Pointer], str],
    hidden: Callable[[Pointer], bool],
    templates: Path,
    known: Sequence[str],
) -> None:
    from meshroll.manifests import names

    pointer: Pointer = ("config", PREFIX + "services", service.name)
    names.check_service_name(service.name, where(pointer))
    if service.version is not None:
        fields = service.fields if service.template is None else None
        with _hiding((*pointer, "version"), where, hidden, "a version"):
            check_version(service.version, where((*pointer, "version")), fields)
    if service.template is None:
        return
    if service.template not in known:
        with _hiding((*pointer, "template"), where, hidden, f"one of {', '.join(known)}"):
            close = get_close_matches(service.template, known, n=1)
            raise BadInputError(
                f"there is no template {service.template}" + (f" (did you mean {close[0]}?)" if close else ""),
                where=where((*pointer, "template")),
                expected=f"one of {', '.join(known)}, or a folder {shown(project_templates() / service.template)} "
                f"with a {DESCRIPTOR}",
            )
    _check_parameters(service, template_folder(service.template, templates), (*pointer, "parameters"), where, hidden)


@contextmanager
def _hiding(
    pointer: Pointer, where: Callable[[Pointer], str], hidden: Callable[[Pointer], bool], expected: str
) -> Iterator[None]:
    """Raise what the block finds wrong with a value, without the value where no message may show it."""
    try:
        yield
    except BadInputError:
        if not hidden(pointer):
            raise
        raise BadInputError("the value does not fit", where=where(pointer), expected=expected) from None


def check_version(version: str, where: str, fields: Sequence[Field] | None = None) -> None:
    """Raise BadInputError unless a label, or for an adopted service each of its fields, can hold the version."""
    from meshroll.manifests import names

    if _GO_TIME.fullmatch(version):
        raise BadInputError(f"{version[:10]} is read as a date: quote it in the stack file", where=where)
    if fields is None:
        names.check_label_value(version, where)
    else:
        check_fields_version(version, fields, where)


def template_defaults(service: Service, namespace: str, templates: Path = TEMPLATES) -> Mapping[str, Any]:
    """The parameters that the template supplies because the stack is silent."""
    from meshroll.manifests.templates import effective_parameters, load_template

    if service.template is None:
        return {}
    effective = effective_parameters(
        load_template(template_folder(service.template, templates)),
        service=service.name,
        namespace=namespace,
        version=service.version or "",
        parameters=service.parameters,
    )
    return {name: value for name, value in effective.items() if name not in service.parameters}


def _check_parameters(
    service: Service, folder: Path, pointer: Pointer, where: Callable[[Pointer], str], hidden: Callable[[Pointer], bool]
) -> None:
    from meshroll.manifests.templates import load_template, parameter_problems

    problems = parameter_problems(load_template(folder), service.parameters)
    # A misspelt parameter is also a missing one: say what was misspelt.
    for problem in sorted(problems, key=lambda problem: not problem.message.startswith("unknown ")):
        inner = [token.replace("~1", "/").replace("~0", "~") for token in problem.pointer.split("/")[1:]]
        at = (*pointer, *_as_path(service.parameters, inner))
        message = "the value does not fit" if hidden(at) else problem.message
        raise BadInputError(message, where=where(at), expected=problem.expected)


def _as_path(value: Any, tokens: list[str]) -> Pointer:
    # A pointer's text does not tell an index from a key; the value does.
    path: list[str | int] = []
    for token in tokens:
        step: str | int = int(token) if isinstance(value, (list, tuple)) else token
        path.append(step)
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            value = None
    return tuple(path)
