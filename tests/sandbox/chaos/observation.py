"""What Git, the clusters, Argo CD and Pulumi hold at one moment, as plain values that can be compared and printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TypeVar

import yaml

from meshroll.errors import MeshrollError
from meshroll.kube import ApiError, Kube
from tests.support.git.repositories import Repository
from tests.support.sandbox.stacks import CONSUMER, PROVIDER, Made, Object
from tests.support.sandbox.watching import ARGO, NETWORKING

SERVICES = (PROVIDER, CONSUMER)
T = TypeVar("T")


@dataclass(frozen=True)
class CommitSeen:
    """One commit on the branch and what it made of the provider's version."""

    commit: str
    author: str
    subject: str
    before: str
    after: str

    def __str__(self) -> str:
        moved = f"{self.before} -> {self.after}" if self.before != self.after else f"{self.after}, as before"
        return f"{self.commit[:10]} {self.author}: {self.subject} ({moved})"


@dataclass(frozen=True)
class GitSeen:
    """The branch: its head, each service's version, and the commits since the scenario began, newest first."""

    head: str
    versions: Mapping[str, str]
    commits: tuple[CommitSeen, ...]


@dataclass(frozen=True)
class RolloutSeen:
    """A Rollout: the version of its pod template, and how far its controller is."""

    version: str
    phase: str
    step: int
    pod_hash: str
    stable_hash: str


@dataclass(frozen=True)
class ApplicationSeen:
    """The Application of the work cluster."""

    revision: str
    sync: str
    health: str
    operation: str


@dataclass(frozen=True)
class StateSeen:
    """Pulumi's state: the Release's inputs and outputs by service, what did not end, and the stack's outputs."""

    wished: Mapping[str, str]
    released: Mapping[str, str]
    commit: str
    initialization_errors: tuple[str, ...]
    pending: tuple[str, ...]
    output_versions: Mapping[str, str]
    output_commit: str


@dataclass(frozen=True)
class Observation:
    """Everything at one moment. A part that is not there is None; one that cannot be read is in `unreadable`."""

    git: GitSeen
    namespace: bool | None
    rollouts: Mapping[str, RolloutSeen | None]
    weights: tuple[int, ...] | None
    copied_weights: tuple[int, ...] | None
    application: ApplicationSeen | None
    state: StateSeen | None
    unreadable: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        lines = [f"git          {self.git.head[:10]} {dict(self.git.versions)}"]
        lines += [f"             {commit}" for commit in self.git.commits]
        lines += [f"rollout      {name}: {_brief(seen)}" for name, seen in self.rollouts.items()]
        lines += [f"weights      worker {self.weights}, host {self.copied_weights}; namespace {self.namespace}"]
        lines += [f"application  {_brief(self.application)}", f"state        {_brief(self.state)}"]
        lines += [f"unreadable   {problem}" for problem in self.unreadable]
        return "\n".join(lines)


def observe(stack: Made, rollouts: Repository, since: str) -> Observation:
    """Look at everything; `since` is the commit at which the scenario began."""
    unreadable: list[str] = []

    def read(what: str, look: Callable[[], T]) -> T | None:
        try:
            return look()
        except (MeshrollError, ApiError) as error:
            unreadable.append(f"{what}: {error}")
            return None

    return Observation(
        git=git_seen(stack, rollouts, since),
        namespace=read("namespace", lambda: stack.worker.get("v1", "Namespace", stack.namespace) is not None),
        rollouts={name: read(name, lambda name=name: rollout_seen(stack, name)) for name in SERVICES},  # type: ignore[misc]
        weights=read("weights in the worker", lambda: weights_seen(stack.worker, stack.namespace)),
        copied_weights=read("weights in the host", lambda: weights_seen(stack.host, stack.namespace)),
        application=read("application", lambda: application_seen(stack)),
        state=state_seen(stack),
        unreadable=tuple(unreadable),
    )


def path_of(stack: Made, service: str) -> str:
    """The file that holds a service's version in the rollout repository."""
    return f"{stack.name}/worker-1/{service}/rollout.yaml"


def version_in(text: str) -> str:
    """The version in a rendered Rollout; "" without one."""
    document = yaml.safe_load(text) or {}
    try:
        return str(document["spec"]["template"]["metadata"]["labels"]["version"])
    except (KeyError, TypeError):
        return ""


def git_seen(stack: Made, rollouts: Repository, since: str) -> GitSeen:
    """The branch as the bare repository holds it."""
    head = rollouts.head()
    commits = []
    for line in rollouts.git("log", "--format=%H%x09%an%x09%s", f"{since}..{head}").splitlines():
        commit, author, subject = line.split("\t", 2)
        before, after = (version_at(rollouts, at, path_of(stack, PROVIDER)) for at in (f"{commit}~", commit))
        commits.append(CommitSeen(commit, author, subject, before, after))
    versions = {name: version_at(rollouts, head, path_of(stack, name)) for name in SERVICES}
    return GitSeen(head, versions, tuple(commits))


def version_at(rollouts: Repository, commit: str, path: str) -> str:
    """The version that a file holds at a commit; "" where there is no such file."""
    listed = rollouts.git("ls-tree", "--name-only", commit, "--", path).strip()
    return version_in(rollouts.git("cat-file", "blob", f"{commit}:{path}")) if listed else ""


def rollout_seen(stack: Made, service: str) -> RolloutSeen | None:
    """The Rollout of a service."""
    found = stack.worker.get(ARGO, "Rollout", service, stack.namespace)
    if found is None:
        return None
    status = found.get("status") or {}
    current = str(status.get("observedGeneration")) == str(found["metadata"]["generation"])
    return RolloutSeen(
        version=str(found["spec"]["template"]["metadata"]["labels"]["version"]),
        phase=str(status.get("phase") or "") if current else "not observed",
        step=int(status.get("currentStepIndex") or 0) + 1,
        pod_hash=str(status.get("currentPodHash") or ""),
        stable_hash=str(status.get("stableRS") or ""),
    )


def weights_seen(kube: Kube, namespace: str) -> tuple[int, ...] | None:
    """The provider's weights, stable first, as one cluster holds them."""
    found = kube.get(NETWORKING, "VirtualService", PROVIDER, namespace)
    if found is None:
        return None
    (route,) = [route for route in found["spec"]["http"] if route["name"] == "test-v1"]
    return tuple(int(to.get("weight", 0)) for to in route["route"])


def application_seen(stack: Made) -> ApplicationSeen | None:
    """The Application of the stack's only worker."""
    found = stack.host.get(ARGO, "Application", stack.application, "argocd")
    if found is None:
        return None
    status = found.get("status") or {}
    sync, health = status.get("sync") or {}, status.get("health") or {}
    operation = "waiting" if "operation" in found else (status.get("operationState") or {}).get("phase") or ""
    return ApplicationSeen(
        str(sync.get("revision") or ""), str(sync.get("status") or ""), str(health.get("status") or ""), str(operation)
    )


def state_seen(stack: Made) -> StateSeen | None:
    """The Release and the outputs as Pulumi keeps them; None without a state."""
    deployment = json.loads(stack.pulumi("stack", "export")).get("deployment") or {}
    resources: list[Object] = deployment.get("resources") or []
    release = next((one for one in resources if one["type"] == "meshroll:index:Release"), {})
    root = next((one for one in resources if one["type"] == "pulumi:pulumi:Stack"), {})
    inputs, outputs = release.get("inputs") or {}, release.get("outputs") or {}
    exported = ((root.get("outputs") or {}).get("release") or {}).get(stack.application) or {}
    return StateSeen(
        wished={one["name"]: str(one.get("version")) for one in inputs.get("services") or []},
        released=dict(outputs.get("versions") or {}),
        commit=str(outputs.get("commit") or ""),
        initialization_errors=tuple(error for one in resources for error in one.get("initErrors") or []),
        pending=tuple(f"{one['type']} {one['resource']['type']}" for one in deployment.get("pending_operations") or []),
        output_versions=dict(exported.get("versions") or {}),
        output_commit=str(exported.get("commit") or ""),
    )


def _brief(seen: object) -> str:
    if seen is None:
        return "is not there"
    values = {one.name: getattr(seen, one.name) for one in fields(seen)}  # type: ignore[arg-type]
    short = {
        name: value[:10] if name in ("commit", "revision", "output_commit") else value for name, value in values.items()
    }
    return ", ".join(f"{name}={value}" for name, value in short.items())
