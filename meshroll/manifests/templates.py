"""Delivery templates: a folder of plain YAML objects, a JSON schema of their parameters and a small descriptor.

`template.yaml` lists which object is rendered to which file and when, and the routes that Argo Rollouts manages;
`parameters.json` is the schema (see `parameters` and `defaults`); every other file holds one object (see `substitute`).
The same parameters give the same bytes, in whatever order a mapping's keys arrive.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from meshroll.errors import BadInputError
from meshroll.manifests import names
from meshroll.manifests.conforming import Keyword, conforms
from meshroll.manifests.defaults import completed, placeholder_values
from meshroll.manifests.folders import DESCRIPTOR, TEMPLATES, known_templates
from meshroll.manifests.keywords import OWN
from meshroll.manifests.problem import Problem
from meshroll.manifests.substitute import ABSENT, substitute
from meshroll.manifests.yamltext import dump
from meshroll.yamltext import parse, read_json

MARKER = "# Rendered by meshroll from template "
SCHEMA = "parameters.json"
BUILT_IN = ("service", "namespace", "version")
# As `meshroll.manifests.parameters` has them: a pattern covers the whole text.
_OWN_KEYWORDS: Mapping[str, Keyword] = {
    "pattern": lambda pattern, value, _: not isinstance(value, str) or re.fullmatch(pattern, value) is not None,
    **{name: lambda *given, broken=broken: not any(broken(*given)) for name, broken in OWN.items()},
}


@dataclass(frozen=True)
class TemplateObject:
    """One object: rendered to `file` when the parameter `when` is given and the parameter `unless` is not."""

    file: str
    body: Mapping[str, Any] = field(repr=False)
    when: str | None = None
    unless: str | None = None


@dataclass(frozen=True)
class Template:
    """A delivery strategy, loaded: the schema of its parameters, its objects and its managed routes (placeholders)."""

    name: str
    parameters: Mapping[str, Any] = field(repr=False)
    objects: tuple[TemplateObject, ...]
    managed_routes: tuple[str, ...]


def load_template(folder: Path) -> Template:
    """A template's folder, read once in a process. Raises BadInputError when it does not exist or is not a template."""
    return _load(folder.absolute())


@cache
def _load(folder: Path) -> Template:
    if not (folder / DESCRIPTOR).is_file():
        known = known_templates(folder.parent)
        raise BadInputError(f"there is no template {folder.name!r}", expected=f"one of {', '.join(known)}")
    descriptor = _yaml(folder / DESCRIPTOR)
    schema = _schema(folder / SCHEMA)
    try:
        objects = tuple(
            TemplateObject(
                file=entry["file"],
                body=_yaml(folder / entry.get("from", entry["file"])),
                when=entry.get("when"),
                unless=entry.get("unless"),
            )
            for entry in descriptor["objects"]
        )
        routes = tuple(str(route) for route in descriptor.get("managedRoutes", ()))
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInputError(
            f"the descriptor is not understood ({error})",
            where=str(folder / DESCRIPTOR),
            expected="objects with a file",
        ) from error
    return Template(folder.name, schema, objects, routes)


def parameter_problems(template: Template, parameters: object) -> list[Problem]:
    """Everything wrong with the parameters; pointers are relative to them."""
    if conforms(parameters, template.parameters, _OWN_KEYWORDS):
        return []
    from meshroll.manifests.parameters import problems

    return problems(template.parameters, parameters)


def check_parameters(template: Template, parameters: object, where: str) -> None:
    """Raise BadInputError for the first thing wrong; the JSON pointer to it is appended to `where`."""
    for problem in parameter_problems(template, parameters):
        raise BadInputError(
            problem.message,
            where=f"{where}{problem.pointer}" or f"template {template.name}",
            expected=problem.expected,
        )


def effective_parameters(
    template: Template, *, service: str, namespace: str, version: str, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """The parameters with all defaults filled in, also those inside; what is absent stays absent."""
    built_in = {"service": service, "namespace": namespace, "version": version}
    values = completed(template.parameters, built_in, parameters)
    return {name: value for name, value in values.items() if name not in built_in and value is not ABSENT}


def rendered_objects(
    template: Template, *, service: str, namespace: str, version: str, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """The object of each of the service's files. Raises BadInputError for anything unfit."""
    names.check_service_name(service, "the service's name")
    names.check_namespace(namespace, "the namespace")
    names.check_label_value(version, f"service {service}")
    check_parameters(template, parameters, f"service {service}, parameters")
    values = placeholder_values(
        template.parameters, {"service": service, "namespace": namespace, "version": version}, parameters
    )
    return {
        item.file: substitute(item.body, values, f"template {template.name}, {item.file}")
        for item in template.objects
        if _wanted(item, values)
    }


def texts(template: Template, bodies: Mapping[str, Any]) -> dict[str, str]:
    """Rendered objects as the files that hold them."""
    head = f"{MARKER}{template.name}: edit the stack, not this file.\n"
    return {file: head + dump(body) for file, body in bodies.items()}


def managed_routes(template: Template, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the routes that Argo Rollouts puts into the VirtualService and takes out again."""
    values = placeholder_values(template.parameters, dict.fromkeys(BUILT_IN, ""), parameters)
    where = f"template {template.name}, {DESCRIPTOR}"
    return tuple(substitute(list(template.managed_routes), values, where))


def objects(files: Mapping[str, str]) -> list[dict[str, Any]]:
    """The objects in rendered files, in the order of the files. Raises BadInputError for text that is no object."""
    found: list[dict[str, Any]] = []
    for file, text in files.items():
        documents = parse(text.encode("utf-8", "surrogatepass"), file).documents
        found += [check_object(document, file) for document in documents if document is not None]
    return found


def check_object(document: Any, file: str) -> dict[str, Any]:
    """The document of a file. Raises BadInputError unless it is an object of Kubernetes."""
    if not isinstance(document, dict) or not {"apiVersion", "kind", "metadata"} <= document.keys():
        raise BadInputError("this is not a Kubernetes object", where=file, expected="apiVersion, kind, metadata")
    return document


def _wanted(item: TemplateObject, values: Mapping[str, Any]) -> bool:
    given = item.when is None or values[item.when] is not ABSENT
    return given and (item.unless is None or values[item.unless] is ABSENT)


def _yaml(path: Path) -> dict[str, Any]:
    documents = parse(_bytes(path), str(path)).documents
    content = documents[0] if len(documents) == 1 else None
    if not isinstance(content, dict):
        raise BadInputError("this part of a template is not a mapping", where=str(path))
    return content


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInputError("this part of a template cannot be read", where=str(path)) from error


def _schema(path: Path) -> dict[str, Any]:
    schema = read_json(_bytes(path), str(path))
    try:
        if not path.resolve().is_relative_to(TEMPLATES):  # what comes with Meshroll is checked by its tests
            _check_schema(schema)
        taken = [name for name in BUILT_IN if name in schema["properties"]]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInputError("this is not a JSON schema of parameters", where=str(path)) from error
    if taken:
        raise BadInputError(f"a parameter cannot be named {taken[0]}", where=str(path))
    return dict(schema)


def _check_schema(schema: Any) -> None:
    """Raise ValueError for what is not a JSON schema."""
    from jsonschema import Draft202012Validator  # a twentieth of a second that Meshroll's own templates do not need
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(error.message) from error
