"""A template's files, rendered in one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshroll.manifests.templates import Template, rendered_objects, texts


def render(
    template: Template, *, service: str, namespace: str, version: str, parameters: Mapping[str, Any]
) -> dict[str, str]:
    """The service's files: name to YAML text."""
    bodies = rendered_objects(template, service=service, namespace=namespace, version=version, parameters=parameters)
    return texts(template, bodies)
