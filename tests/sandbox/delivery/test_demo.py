"""The demo as a whole, and what is left of its stacks when they are destroyed: nothing but Git."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from meshroll.delivery.measure import binomial_bounds
from meshroll.demo.project import Project
from meshroll.demo.run import run
from meshroll.resources import resource
from meshroll.sandbox import Sandbox
from tests.support.git.repositories import Repository
from tests.support.sandbox.stacks import PROVIDER, Made
from tests.support.sandbox.watching import ARGO, MESH, NETWORKING

STACKS = {"sandbox": "dubbo", "sandbox-header": "dubbo-header"}


@dataclass(frozen=True)
class Demonstrated:
    """A folder in which the demo ran, and what came of it; `stack_files` are those of the package, before it ran."""

    folder: Path
    stack_files: dict[str, bytes]
    ok: bool
    table: str
    environment: dict[str, str]

    def stack(self, name: str) -> Made:
        return Made(name, Project(self.folder / "build" / "demo" / "project", self.environment))


@pytest.fixture(scope="module")
def demo(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstrated]:
    folder = tmp_path_factory.mktemp("demo")
    (folder / "person").mkdir()
    before = stack_files()
    with pytest.MonkeyPatch.context() as patch, (folder / "table").open("w+") as output:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        ok = run(folder / "person", sandbox, Console(file=output, width=100), print)
        output.seek(0)
        environment = {**os.environ, **sandbox.environment()}
        made = Demonstrated(folder / "person", before, ok, output.read(), environment)
    yield made
    for name in STACKS:
        made.stack(name).take_away()


def stack_files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in resource("project", "stacks").iterdir()}


def test_every_sample_is_as_set(demo: Demonstrated) -> None:
    assert demo.ok, demo.table


def test_the_report_has_the_documented_shape(demo: Demonstrated) -> None:
    report = json.loads((demo.folder / "build" / "demo" / "report.json").read_text())
    commits = {delivery["strategy"]: delivery["commit"] for delivery in report["deliveries"]}
    lane = {"name": "lane", "value": "test-v2"}
    for delivery in report["deliveries"]:
        for measured in delivery["steps"]:
            assert measured.pop("stable") + measured["canary"] == measured["requests"]
            assert measured["low"] <= measured.pop("canary") <= measured["high"]
    assert report == {
        "deliveries": [
            {
                "strategy": "weight",
                "service": PROVIDER,
                "from": "v1",
                "to": "v2",
                "commit": commits["weight"],
                "steps": [step("setWeight 5", 5), step("setWeight 50", 50), step("finished", 100)],
            },
            {
                "strategy": "header",
                "service": PROVIDER,
                "from": "v1",
                "to": "v2",
                "commit": commits["header"],
                "steps": [step("setHeaderRoute", 100, lane), step("setHeaderRoute", 0), step("finished", 100)],
            },
        ]
    }


def step(name: str, weight: int, header: dict[str, str] | None = None) -> dict[str, Any]:
    """An entry without its counts."""
    low, high = binomial_bounds(2000, weight)
    entry = {"name": name, "weight": weight, "header": header, "requests": 2000}
    return {**entry, "low": low, "high": high, "ok": True}


def test_the_report_names_the_commits_that_released_v2(demo: Demonstrated, rollouts: Repository) -> None:
    report = json.loads((demo.folder / "build" / "demo" / "report.json").read_text())
    subjects = [rollouts.git("show", "-s", "--format=%s", item["commit"]).strip() for item in report["deliveries"]]
    assert subjects == [f"Release {PROVIDER} v1 -> v2"] * 2


def test_the_table_shows_a_row_for_each_sample(demo: Demonstrated) -> None:
    words = ("setWeight 5 ", "setWeight 50 ", "lane: test-v2", "finished")
    assert [demo.table.count(word) for word in words] == [1, 1, 1, 2]


def test_it_writes_below_build_alone_and_changes_no_stack_file_of_the_package(demo: Demonstrated) -> None:
    assert [path.name for path in demo.folder.iterdir()] == ["build"]
    assert stack_files() == demo.stack_files


def test_destroying_takes_everything_away_in_order_and_leaves_git_alone(
    demo: Demonstrated, rollouts: Repository
) -> None:
    head = rollouts.head()
    for name, namespace in STACKS.items():
        stack = demo.stack(name)
        host, worker = stack.host, stack.worker
        assert worker.list("v1", "Pod", namespace) != []
        lines = stack.pulumi("destroy", "--yes", "--skip-preview").splitlines()
        gone = [line.split()[1] for line in lines if line.startswith(" - ") and " deleted " in line]
        order = [gone.index(f"kubernetes:{kind}") for kind in KINDS]
        assert order == sorted(order), lines
        # Nothing is waited for here: `destroy` ends when all of it is gone.
        assert worker.get("v1", "Namespace", namespace) is None
        found = [worker.list(ARGO, "Rollout", namespace), worker.list("v1", "Pod", namespace)]
        found += [worker.list(NETWORKING, "WorkloadEntry", namespace)]
        assert found == [[], [], []]
        assert host.get(ARGO, "Application", f"{namespace}-worker-1", "argocd") is None
        assert host.get(ARGO, "AppProject", namespace, "argocd") is None
        assert stack.state() == []
    assert host.list(MESH, "GlobalMesh") == []
    assert host.get("v1", "Secret", "istio-remote-secret-worker-1", "istio-system") is None
    assert rollouts.head() == head


KINDS = (f"{ARGO}:Application", f"{ARGO}:AppProject", "core/v1:Namespace")
