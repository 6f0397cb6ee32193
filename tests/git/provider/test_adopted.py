"""A Release over files that people wrote, spoken to as the engine does, on a real repository."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from meshroll.provider.resource import Services
from meshroll.settings.model import Cluster
from tests.support.git.repositories import Repository
from tests.support.provider.engine import Engine, started

FILE = "live/w/shop/all.yaml"


def text(version: str = "v1", tag: str = "v1-alpine") -> str:
    return (
        "kind: Service\nmetadata: {name: shop}\n---\nkind: Rollout # by hand\nmetadata:\n  name: shop\n"
        "  annotations: {since: 2024-01-02}\nspec:\n  template:\n"
        f"    metadata: {{labels: {{version: {version}}}}}\n"
        f"    spec: {{containers: [{{name: main, image: 'x/y:{tag}'}}]}}\n"
    )


@dataclass
class Asked:
    """What was asked of the work cluster."""

    validated: list[tuple[str, Any]] = field(default_factory=list)

    def validate(self, worker: Cluster, objects: Sequence[dict[str, Any]]) -> list[str]:
        self.validated += [(worker.name, item["metadata"]) for item in objects]
        return []


@pytest.fixture
def cluster() -> Asked:
    return Asked()


@pytest.fixture
def engine(cluster: Asked) -> Iterator[Engine]:
    with started(Services(cluster.validate, lambda *_: (), lambda _: (), lambda *_: "")) as engine:
        yield engine


def inputs(repository: Repository, version: str, *fields: dict[str, str]) -> dict[str, Any]:
    return {
        "stack": "prod",
        "repository": {"url": repository.remote.url, "branch": "main", "kind": "adopted"},
        "path": "live/w/{service}",
        "namespace": "shop",
        "services": [{"name": "shop", "version": version, "fields": list(fields)}],
        "workers": [{"name": "w"}],
        "wait": "committed",
    }


BOTH = ({"label": "version"}, {"image": "", "pattern": "{version}-alpine"})


def test_a_release_is_the_edits_of_its_fields(engine: Engine, repository: Repository, cluster: Asked) -> None:
    repository.commit(write={FILE: text()})
    checked = engine.check(inputs(repository, "v2", *BOTH))
    pods = "/1/spec/template"
    assert checked["edits"] == [
        {"file": FILE, "pointer": f"{pods}/metadata/labels/version", "old": "v1", "new": "v2"},
        {"file": FILE, "pointer": f"{pods}/spec/containers/0/image", "old": "x/y:v1-alpine", "new": "x/y:v2-alpine"},
    ]
    since = {"name": "shop", "annotations": {"since": "2024-01-02"}, "namespace": "shop"}
    assert cluster.validated == [("w", since)]
    assert engine.create(checked, preview=True) == ("", {})
    (diff,) = engine.log.messages
    assert diff.startswith(f"diff --git a/{FILE} b/{FILE}\n")
    assert engine.create(checked)[1] == {"commit": repository.head(), "versions": {"shop": "v2"}}
    assert repository.read(FILE) == text("v2", "v2-alpine")
    assert repository.log() == ["Release shop v1 -> v2", "by hand"]


def test_a_second_up_changes_nothing_and_asks_no_cluster(
    engine: Engine, repository: Repository, cluster: Asked
) -> None:
    repository.commit(write={FILE: text()})
    old = engine.check(inputs(repository, "v2", *BOTH))
    _, outputs = engine.create(old)
    cluster.validated.clear()
    new = engine.check(inputs(repository, "v2", *BOTH))
    assert (new["edits"], engine.diff(old, new, outputs), cluster.validated) == ([], None, [])


def test_other_fields_are_a_change_of_the_release(engine: Engine, repository: Repository) -> None:
    repository.commit(write={FILE: text("v2", "v2-alpine")})
    old = engine.check(inputs(repository, "v2"))
    _, outputs = engine.create(old)
    assert engine.diff(old, engine.check(inputs(repository, "v2", *BOTH)), outputs) == ["services[0].fields"]


def test_a_refresh_sees_the_version_that_stands_in_git(engine: Engine, repository: Repository) -> None:
    repository.commit(write={FILE: text()})
    old = engine.check(inputs(repository, "v2"))
    _, outputs = engine.create(old)
    theirs = repository.commit(write={FILE: text("v9")})
    seen, now = engine.read(old, outputs)
    assert now == {"commit": theirs, "versions": {"shop": "v9"}}
    assert [service["version"] for service in seen["services"]] == ["v9"]


def test_what_disagrees_and_what_stays_behind_is_said(engine: Engine, repository: Repository) -> None:
    repository.commit(write={FILE: text()})
    engine.check(inputs(repository, "v2"))
    assert engine.log.messages == [
        f"shop: {FILE}:10: label version of Rollout shop becomes v2, and the image stays x/y:v1-alpine"
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"path": "nowhere"}, "nowhere: there is no such file or folder in the repository"),
        (
            {"services": [{"name": "shop", "version": "v2", "fields": [{"tag": "x"}]}]},
            "services[0].fields[0]: it is not a field; expected one of label, image, kustomize, helm, path",
        ),
        (
            {"services": [{"name": "shop", "version": "v2", "fields": ["label:x"]}]},
            "services[0].fields[0]: it is not a mapping",
        ),
    ],
)
def test_bad_input_is_one_sentence_of_check(
    engine: Engine, repository: Repository, change: dict[str, Any], sentence: str
) -> None:
    repository.commit(write={FILE: text()})
    assert engine.failure(inputs(repository, "v2") | change).startswith(sentence)


def test_an_unknown_kind_of_repository_is_refused(engine: Engine, repository: Repository) -> None:
    wanted = inputs(repository, "v2")
    wanted["repository"]["kind"] = "new"
    assert engine.failure(wanted) == "repository.kind: 'new' is unknown; expected rendered or adopted"
