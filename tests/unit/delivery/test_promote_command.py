"""`meshroll promote`, up to where it would talk to a cluster."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from meshroll.cli import main
from meshroll.errors import UnavailableError
from tests.unit.delivery.clusters import PlayedCluster
from tests.unit.delivery.rollouts import paused
from tests.unit.stacks import stack


@pytest.fixture(autouse=True)
def sandbox_stack(monkeypatch: pytest.MonkeyPatch) -> PlayedCluster:
    """The settings and the cluster are played; their own tests read real files and real servers."""
    worker = PlayedCluster("worker-1", {"Rollout": [paused(1)]})
    monkeypatch.setattr("meshroll.settings.load_file", lambda path: stack())
    monkeypatch.setattr("meshroll.settings.stack_file", lambda name, project: Path(name))
    monkeypatch.setattr("meshroll.kube.Kube.connect", lambda kubeconfig, context, name: worker)
    return worker


def test_promote_lifts_the_pause_in_every_work_cluster(
    sandbox_stack: PlayedCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["promote", "dubbo3-provider", "-s", "sandbox"]) == 0
    assert capsys.readouterr().out == "dubbo3-provider in worker-1 is promoted\n"
    assert [patch[1] for patch in sandbox_stack.patches] == ["dubbo3-provider"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["nobody"],
            "stack sandbox: there is no service nobody; expected one of dubbo3-provider, dubbo3-consumer",
        ),
        (
            ["dubbo3-provider", "--cluster", "host"],
            "stack sandbox: there is no work cluster host; expected one of worker-1",
        ),
    ],
)
def test_promote_refuses_what_the_stack_does_not_know(
    arguments: list[str], sentence: str, sandbox_stack: PlayedCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["promote", *arguments, "-s", "sandbox"]) == 2
    assert capsys.readouterr().err == f"meshroll: {sentence}\n"
    assert sandbox_stack.patches == []


def test_a_cluster_that_fails_after_others_were_promoted_says_so(
    sandbox_stack: PlayedCluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = stack()
    clusters = {**one.clusters, "worker-2": replace(one.clusters["worker-1"], name="worker-2")}
    both = replace(one, clusters=clusters, workers=("worker-1", "worker-2"))
    away = PlayedCluster("worker-2", {"Rollout": [UnavailableError("it cannot be reached", where="cluster worker-2")]})
    monkeypatch.setattr("meshroll.settings.load_file", lambda path: both)
    monkeypatch.setattr(
        "meshroll.kube.Kube.connect", lambda _, __, name: {"worker-1": sandbox_stack, "worker-2": away}[name]
    )
    assert main(["promote", "dubbo3-provider", "-s", "sandbox"]) == 1
    assert capsys.readouterr().err == (
        "meshroll: cluster worker-2: it cannot be reached; dubbo3-provider is promoted in worker-1 already; "
        "expected `--cluster worker-2`, and each cluster after it, once this is mended\n"
    )
