"""What a stack over files that people wrote makes: Applications that show their folders, Releases with fields."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from meshroll.components.argocd import application_spec
from meshroll.release.applied import ApplicationNeeds
from meshroll.release.properties import from_properties, to_properties
from meshroll.release.stack import from_stack, release_groups
from meshroll.settings.fields import Field
from meshroll.settings.model import Service, Stack
from tests.support.stacks import stack

FIELDS = (Field("label", "version"), Field("image", "", "{version}-alpine"))


def adopted(path: str, *fields: Field, workers: tuple[str, ...] = ("worker-1",)) -> Stack:
    base = stack(workers=workers)
    services = (Service("shop", "v1", None, {}, (), fields), Service("watched", None, None, {}, ("test-v2",)))
    repository = dataclasses.replace(base.repository, kind="adopted", path=path)
    return dataclasses.replace(base, repository=repository, services=services)


def source(of: Stack) -> dict[str, Any]:
    spec = application_spec(of, "worker-1", ApplicationNeeds([]))["source"]
    return {key: value for key, value in spec.items() if key not in ("repoURL", "targetRevision")}


@pytest.mark.parametrize(
    ("path", "folder"),
    [("live/{cluster}/{service}", "live/worker-1"), ("{service}", "."), ("live/all.yaml", "live"), ("live", "live")],
)
def test_an_application_shows_every_plain_file_of_the_folder(path: str, folder: str) -> None:
    assert source(adopted(path, *FIELDS)) == {"path": folder, "directory": {"recurse": True}}


@pytest.mark.parametrize("field", [Field("kustomize", "team/shop"), Field("helm", "values.yaml#tag")])
def test_argo_cd_finds_out_itself_how_a_folder_is_built(field: Field) -> None:
    assert source(adopted("live/{cluster}", field)) == {"path": "live/worker-1"}


def test_a_release_has_the_fields_and_the_kind_and_is_read_back() -> None:
    of = adopted("live/{cluster}/{service}", *FIELDS, workers=("worker-1", "worker-2"))
    assert release_groups(of) == {"dubbo-worker-1": ("worker-1",), "dubbo-worker-2": ("worker-2",)}
    values = to_properties(from_stack(of, ("worker-2",)))
    assert (values["path"], values["repository"]["kind"]) == ("live/worker-2/{service}", "adopted")
    assert values["services"] == [
        {
            "name": "shop",
            "version": "v1",
            "fields": [{"label": "version"}, {"image": "", "pattern": "{version}-alpine"}],
        }
    ]
    read = from_properties(values)
    assert (read.kind, [(service.name, service.fields) for service in read.services]) == ("adopted", [("shop", FIELDS)])


def test_clusters_that_share_a_folder_share_a_release() -> None:
    of = adopted("live/{service}", workers=("worker-1", "worker-2"))
    assert release_groups(of) == {"dubbo": ("worker-1", "worker-2")}
    assert from_stack(of, of.workers).path == "live/{service}"
