"""What the lint says of the order in which Argo CD applies, by Argo CD and Argo Rollouts themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from meshroll.kube import Kube
from meshroll.manifests.lint import lint
from meshroll.sandbox import Sandbox
from tests.support.git.repositories import Repository
from tests.support.lint.objects import Object, between_subsets, by_kind
from tests.support.sandbox.cluster import IMAGE, MANAGER, until

SECONDS = 60.0
ARGO, ISTIO = "argoproj.io/v1alpha1", "networking.istio.io/v1beta1"
WAVE = "argocd.argoproj.io/sync-wave"


def running(name: str) -> list[Object]:
    """A canary between subsets with pods that run."""
    objects: list[Object] = json.loads(json.dumps(between_subsets()).replace("shop", name))
    spec = by_kind(objects, "Rollout")["spec"]
    spec["replicas"] = 1
    spec["template"]["spec"]["containers"] = [{"name": "container-1", "image": IMAGE.format("dubbo3-provider")}]
    return objects


def later(kind: str) -> list[Object]:
    """The same with one kind in a later wave."""
    objects = running(f"late-{kind.lower()}")
    by_kind(objects, kind)["metadata"]["annotations"] = {WAVE: "1"}
    return objects


CASES = {kind: later(kind) for kind in ("VirtualService", "DestinationRule", "Rollout")}


@dataclass(frozen=True)
class Applied:
    """The Applications of all cases, each with automated sync."""

    host: Kube
    worker: Kube
    space: str

    def operation(self, kind: str) -> Any:
        """What the sync is at, and the objects that it has not applied."""
        found = self.host.get(ARGO, "Application", f"{self.space}-{kind.lower()}", "argocd") or {}
        state = found.get("status", {}).get("operationState", {})
        missing = [item["kind"] for item in CASES[kind] if not self._is_there(item)]
        return state.get("phase"), missing

    def rollout(self, kind: str) -> Any:
        """The phase of the Rollout."""
        found = self.worker.get(ARGO, "Rollout", f"late-{kind.lower()}", self.space) or {}
        return found.get("status", {}).get("phase")

    def _is_there(self, item: Object) -> bool:
        return self.worker.get(item["apiVersion"], item["kind"], item["metadata"]["name"], self.space) is not None


@pytest.fixture(scope="module")
def applied(
    sandbox: Sandbox, host: Kube, worker: Kube, space: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Applied]:
    repository = Repository(sandbox.home.repository, tmp_path_factory.mktemp("people"))
    files = {f"{space}/{kind}/all.yaml": yaml.safe_dump_all(objects) for kind, objects in CASES.items()}
    repository.commit("by hand", write=files)
    project = {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": space}],
    }
    host.create(_argo("AppProject", space, project), field_manager=MANAGER)
    names = [f"{space}-{kind.lower()}" for kind in CASES]
    for kind, name in zip(CASES, names, strict=True):
        source = {"repoURL": repository.remote.url, "targetRevision": "main", "path": f"{space}/{kind}"}
        policy = {"automated": {}, "retry": {"limit": 0}}
        to = {"name": "worker-1", "namespace": space}
        spec = {"project": space, "source": source, "destination": to, "syncPolicy": policy}
        host.create(_argo("Application", name, spec), field_manager=MANAGER)
    yield Applied(host, worker, space)
    ended = {"status": {"operationState": {"phase": "Terminating"}}}
    host.patch(ARGO, "Application", f"{space}-destinationrule", "argocd", ended, field_manager=MANAGER)
    for name in names:
        host.delete(ARGO, "Application", name, "argocd")
    until(lambda: not any(host.get(ARGO, "Application", name, "argocd") for name in names), "all are gone", SECONDS)
    host.delete(ARGO, "AppProject", space, "argocd")


def _argo(kind: str, name: str, spec: Object) -> Object:
    return {"apiVersion": ARGO, "kind": kind, "metadata": {"name": name, "namespace": "argocd"}, "spec": spec}


def test_a_rollout_in_a_later_wave_becomes_healthy(applied: Applied) -> None:
    assert lint(CASES["Rollout"]) == []
    until(lambda: applied.operation("Rollout") == ("Succeeded", []), "the sync has succeeded", SECONDS)
    until(lambda: applied.rollout("Rollout") == "Healthy", "the Rollout is Healthy", SECONDS)


def test_a_sync_fails_at_a_rollout_before_its_virtual_service(applied: Applied) -> None:
    assert {flaw.rule.id for flaw in lint(CASES["VirtualService"])} == {"rollout-wave-first"}
    state = ("Failed", ["VirtualService"])
    until(lambda: applied.operation("VirtualService") == state, "the sync has failed", SECONDS)
    assert applied.rollout("VirtualService") == "Degraded"


def test_a_sync_waits_at_a_rollout_before_its_destination_rule(applied: Applied) -> None:
    assert {flaw.rule.id for flaw in lint(CASES["DestinationRule"])} == {"rollout-wave-first"}
    until(lambda: applied.rollout("Rollout") == "Healthy", "another Rollout, begun with it, is Healthy", SECONDS)
    assert applied.operation("DestinationRule") == ("Running", ["DestinationRule"])
    assert applied.rollout("DestinationRule") == "Progressing"


def test_a_rollout_whose_destination_rule_follows_is_forgotten(worker: Kube, space: str) -> None:
    objects = running("forgotten")
    rule = by_kind(objects, "DestinationRule")
    for item in objects:
        item["metadata"]["namespace"] = space
        if item is not rule:
            worker.create(item, field_manager=MANAGER)

    def reasons() -> set[str]:
        events = worker.list("v1", "Event", space)
        return {each["reason"] for each in events if each["involvedObject"]["name"] == "forgotten"}

    def phase(name: str) -> str:
        return str((worker.get(ARGO, "Rollout", name, space) or {}).get("status", {}).get("phase"))

    def becomes_healthy(name: str) -> None:
        until(lambda: phase(name) == "Healthy", f"the Rollout {name} is Healthy", SECONDS)

    until(lambda: "DestinationRuleNotFound" in reasons(), "the controller has looked for it", SECONDS)
    # The ReplicaSet's own changes make it look again: they are over when a Rollout that came later has its pods.
    witnesses = running("first"), running("second")
    for place, witness in enumerate(witnesses):
        if place:
            worker.create(rule, field_manager=MANAGER)
        for item in witness:
            item["metadata"]["namespace"] = space
        for item in sorted(witness, key=lambda item: item["kind"] == "Rollout"):
            worker.create(item, field_manager=MANAGER)
        becomes_healthy(witness[0]["metadata"]["name"])
    assert phase("forgotten") == "Progressing"
    touched = {"metadata": {"annotations": {"touched": "yes"}}}
    worker.patch(ARGO, "Rollout", "forgotten", space, touched, field_manager=MANAGER)
    becomes_healthy("forgotten")
