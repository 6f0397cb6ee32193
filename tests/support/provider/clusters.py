"""What stands for the clusters of a Release, and the inputs of one over a real repository."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from meshroll.errors import BadInputError, TimedOutError
from meshroll.provider.resource import Services
from meshroll.release.inputs import ReleaseInputs
from meshroll.settings.model import Cluster
from tests.support.git.repositories import Repository
from tests.support.provider.engine import Engine

FILE = "live/w/provider/rollout.yaml"


@dataclass
class World:
    """What stands for the clusters: remembers what it was asked, and answers as a test sets it."""

    refusal: str = ""
    late: str = ""
    notes: list[str] = field(default_factory=list)
    validated: list[tuple[str, list[str]]] = field(default_factory=list)
    waited: list[tuple[str, list[str]]] = field(default_factory=list)
    hangs: threading.Event | None = None
    obstacles: tuple[str, ...] = ()
    meanwhile: Callable[[], None] = lambda: None
    disk: OSError | None = None
    undelivered: str = ""
    looked: list[tuple[str, list[str]]] = field(default_factory=list)

    def services(self) -> Services:
        return Services(self.validate, self.wait, lambda _inputs: self.obstacles, self.look)

    def look(self, _inputs: ReleaseInputs, commit: str, services: Sequence[str]) -> str:
        self.looked.append((commit, list(services)))
        return self.undelivered

    def validate(self, worker: Cluster, objects: Sequence[dict[str, Any]]) -> list[str]:
        self.validated.append((worker.name, sorted({item["metadata"]["name"] for item in objects})))
        if self.refusal:
            raise BadInputError(self.refusal)
        return self.notes

    def wait(self, inputs: ReleaseInputs, commit: str, services: Sequence[str], report: Any) -> tuple[str, ...]:
        self.waited.append((commit, list(services)))
        report("Application shop-w is syncing")
        self.meanwhile()
        if self.disk:
            raise self.disk
        if self.hangs:
            self.hangs.wait(30)
        if self.late:
            raise TimedOutError(self.late)
        return ("provider in w waits: go on with `meshroll promote provider -s prod`",)


def inputs(repository: Repository, **versions: str) -> dict[str, Any]:
    parameters = {"image": "x/y:1", "port": 20880.0, "portName": "grpc"}
    return {
        "stack": "prod",
        "repository": {"url": repository.remote.url, "branch": "main"},
        "path": "live/w",
        "namespace": "shop",
        "services": [
            {"name": name, "version": version, "template": "weight", "parameters": parameters}
            for name, version in versions.items()
        ],
        "argocd": {"cluster": {"context": "host"}, "applications": ["shop-w"]},
        "workers": [{"name": "w"}],
        "wait": "synced",
    }


def up(engine: Engine, wanted: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    checked = engine.check(wanted)
    return checked, engine.create(checked)[1]
