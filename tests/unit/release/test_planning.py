"""Rendering a stack's services: once for all who ask."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshroll.errors import BadInputError
from meshroll.manifests.templates import rendered_objects
from meshroll.release import planning
from meshroll.release.inputs import VersionedService
from meshroll.release.properties import from_properties
from tests.support.release import WHOLE


def test_a_service_is_rendered_once_for_all_clusters_and_again_when_a_parameter_has_another_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rendered, real = [], rendered_objects

    def counted(*arguments, **options):
        rendered.append((options["service"], options["parameters"]["replicas"]))
        return real(*arguments, **options)

    monkeypatch.setattr(planning, "rendered_objects", counted)

    def asked(path: str, replicas: object) -> dict[str, dict[str, str]]:
        parameters = {"image": "img:1", "port": 80, "replicas": replicas}
        services = tuple(VersionedService(name, "v1", "weight", parameters) for name in ("once-a", "once-b"))
        return planning.rendered_files(replace(from_properties(WHOLE), services=services, path=path))

    assert asked("clusters/east", 1) == asked("clusters/west", 1)
    assert rendered == [("once-a", 1), ("once-b", 1)]
    with pytest.raises(BadInputError, match="true is not a whole number"):
        asked("clusters/east", True)
