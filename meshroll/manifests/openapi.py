"""One OpenAPI v3 document of an API server, as a judge of objects.

OpenAPI 3.0's schemas are those of JSON Schema draft 4 in all that Kubernetes publishes; what draft 4 lacks is the
strictness about unknown fields, which is a walk of its own along `properties`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft4Validator
from jsonschema.exceptions import ValidationError, best_match

from meshroll.manifests.problem import Problem, pointer

Schema = Mapping[str, Any]
Path = tuple[str | int, ...]
LONGEST = 200


class Schemas:
    """The schemas of one API version."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._components: Schema = document.get("components", {}).get("schemas", {})

    def problems(self, api_version: str, kind: str, item: Mapping[str, Any]) -> list[Problem] | None:
        """What is wrong with an object; None when the document does not hold its kind."""
        group, _, version = api_version.rpartition("/")
        identity = {"group": group, "version": version, "kind": kind}
        for name, schema in self._components.items():
            if identity in schema.get("x-kubernetes-group-version-kind", ()):
                return [*self._unknown(item, schema, ()), *self._wrong(item, name)]
        return None

    def _wrong(self, item: Mapping[str, Any], name: str) -> Iterator[Problem]:
        # Draft 4 ignores what stands beside a reference, but looks the reference up in it.
        components = {"components": {"schemas": self._components}}
        reference = {"$ref": "#/components/schemas/" + name.replace("~", "~0").replace("/", "~1")}
        for error in Draft4Validator(components | reference).iter_errors(dict(item)):
            leaf = best_match([error]) or error
            yield Problem(pointer(leaf.absolute_path), _sentence(leaf))

    def _unknown(self, value: Any, schema: Schema, path: Path) -> Iterator[Problem]:
        schema = self._resolve(schema)
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._unknown(item, schema.get("items", {}), (*path, index))
        if not isinstance(value, Mapping):
            return
        properties: Schema = schema.get("properties", {})
        additional = schema.get("additionalProperties")
        strict = bool(properties) and not additional and not schema.get("x-kubernetes-preserve-unknown-fields")
        for key, item in value.items():
            if key in properties:
                yield from self._unknown(item, properties[key], (*path, key))
            elif isinstance(additional, Mapping):
                yield from self._unknown(item, additional, (*path, key))
            elif strict:
                yield Problem(pointer((*path, key)), f"unknown field `{key}`")

    def _resolve(self, schema: Schema) -> Schema:
        """Follow references, also those wrapped to stand beside a default or a description."""
        while True:
            every = schema.get("allOf", ())
            if "$ref" in schema:
                schema = self._components.get(str(schema["$ref"]).rsplit("/", 1)[-1], {})
            elif len(every) == 1 and "$ref" in every[0] and "properties" not in schema:
                schema = every[0]
            else:
                return schema


def _sentence(error: ValidationError) -> str:
    text = error.message
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
