"""The stack that all scenarios use, how it is put into a known state, and how a spoiled one is replaced."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from meshroll.demo.project import Project, prepare
from meshroll.errors import MeshrollError
from meshroll.kube import ApiError, Kube
from meshroll.sandbox import PartState, Sandbox
from tests.sandbox.chaos.commands import PULUMI, UP, Done, Pace, Running, meshroll
from tests.sandbox.chaos.observation import SERVICES, application_seen, rollout_seen, weights_seen
from tests.sandbox.chaos.waiting import within
from tests.support.git.repositories import BRANCH, Repository
from tests.support.sandbox.stacks import PROVIDER, Made, derive, wait_for_people
from tests.support.sandbox.watching import ARGO, MESH

Start = Literal["finished", "at 5%"]
TIMEOUT = "60s"
REST_SECONDS = 30.0
USUAL_PACE = Pace(3.0, 8.0)  # until the first undisturbed run


@dataclass
class Rig:
    """A sandbox, a project folder, and one stack with a mesh in it, which is made anew when a scenario spoils it."""

    sandbox: Sandbox
    project: Project
    rollouts: Repository
    pace: Pace = USUAL_PACE
    _stack: Made | None = None
    _newest: int = 0
    _spoiled: bool = field(default=True)

    @property
    def stack(self) -> Made:
        """The stack; `known` has made it."""
        assert self._stack is not None
        return self._stack

    @property
    def head_file(self) -> Path:
        """The file of the bare repository that holds the branch's head."""
        return self.rollouts.path / "refs" / "heads" / BRANCH

    @property
    def url(self) -> str:
        """What the load asks for: the consumer behind the gateway, which asks the provider."""
        gateway = self.stack.settings.gateways["worker-1"]
        return f"http://{gateway.address}:{gateway.port}/hello?name=chaos"

    def head(self) -> str:
        """The branch's head; "" while the repository cannot be read."""
        try:
            return self.head_file.read_text(encoding="ascii").strip()
        except OSError:
            return ""

    def fresh_version(self) -> str:
        """A version that was never used in this sandbox."""
        self._newest += 1
        return f"v{self._newest}"

    def version(self) -> str:
        """The version that the stack file wishes for the provider."""
        return next(str(service.version) for service in self.stack.settings.services if service.name == PROVIDER)

    def start(self, *words: str) -> Running:
        """Start a command in the project folder."""
        return Running(words, self.project.folder, self.project.environment, self.head)

    def run(self, *words: str) -> Done:
        """Run a command to its end."""
        return self.start(*words).wait()

    def up(self) -> Done:
        """`pulumi up` that nobody disturbs; it sets the pace when it commits and ends well."""
        running = self.start(*UP, "--stack", self.stack.name)
        done = running.wait()
        if done.succeeded and running.committed is not None:
            self.pace = Pace(running.committed - running.began, running.seconds)
        return done

    def cancel(self) -> Done:
        """`pulumi cancel`, as the message of a locked stack says."""
        return self.run(*PULUMI, "cancel", "--yes", "--stack", self.stack.name)

    def known(self, start: Start) -> None:
        """Bring the stack to where a scenario begins: the newest version serves all, or has 5% and waits."""
        self.make_whole()
        if self._spoiled or not self._promoted():
            self._replace()
        if start == "at 5%":
            self.stack.put(f"/services/{PROVIDER}/version", self.fresh_version())
            done = self.up()
            assert done.succeeded, str(done)
            assert within(REST_SECONDS, lambda: self._is("Paused", (95, 5))), "the canary does not reach 5%"

    def spoil(self) -> None:
        """The stack is not as it should be: the next scenario gets a new one."""
        self._spoiled = True

    def make_whole(self) -> None:
        """Start every part that is not ready."""
        if any(row.state is not PartState.READY for row in self.sandbox.status()):
            self.sandbox.up()

    def rest(self) -> None:
        """Wait until nothing moves any more, or until it is clear that something does not come to rest."""
        within(REST_SECONDS, self._rests)

    def take_away(self) -> None:
        """Remove the stack, whatever became of it."""
        if self._stack is None:
            return
        stack, self._stack = self._stack, None
        for words in (("cancel", "--yes"), ("destroy", "--yes", "--skip-preview"), ("stack", "rm", "--yes", "--force")):
            self.run(*PULUMI, *words, "--stack", stack.name)
        _remove_by_hand(stack)

    def _promoted(self) -> bool:
        """Promote what waits, and see whether the newest version serves all."""
        for service in SERVICES:
            seen = rollout_seen(self.stack, service)
            if seen is None:
                return False
            if seen.pod_hash != seen.stable_hash:
                self.run(*meshroll("promote", service, "-s", self.stack.name, "--full"))
        return within(REST_SECONDS, lambda: self._is("Healthy", (100, 0)))

    def _replace(self) -> None:
        """Take the stack away and bring up a new one."""
        self.take_away()
        self._stack = derive(self.project, "sandbox", "chaos")
        wait_for_people(self.stack)
        self.stack.put("/delivery/timeout", TIMEOUT)
        self.stack.put(f"/services/{PROVIDER}/version", self.fresh_version())
        self.stack.init()
        done = self.up()
        assert done.succeeded, str(done)
        assert within(REST_SECONDS, lambda: self._is("Healthy", (100, 0))), "a new stack is not healthy"
        self._spoiled = False

    def _is(self, phase: str, weights: tuple[int, ...]) -> bool:
        seen = rollout_seen(self.stack, PROVIDER)
        both = (self.stack.worker, self.stack.host)
        return (
            seen is not None
            and (seen.version, seen.phase) == (self.version(), phase)
            and all(weights_seen(kube, self.stack.namespace) == weights for kube in both)
        )

    def _rests(self) -> bool:
        seen = application_seen(self.stack)
        rollouts = [rollout_seen(self.stack, service) for service in SERVICES]
        return (
            seen is not None
            and (seen.revision, seen.sync) == (self.head(), "Synced")
            and seen.operation not in ("waiting", "Running", "Terminating")
            and all(one is not None and one.phase in ("Healthy", "Paused", "Degraded") for one in rollouts)
            and weights_seen(self.stack.worker, self.stack.namespace)
            == weights_seen(self.stack.host, self.stack.namespace)
        )


@contextmanager
def rig_on(sandbox: Sandbox, folder: Path) -> Iterator[Rig]:
    """A rig on a sandbox that is up; its stack is taken away at the end."""
    environment = {**os.environ, **sandbox.environment(), "XDG_CACHE_HOME": str(folder / "cache")}
    people = folder / "people"
    people.mkdir(parents=True)
    rig = Rig(sandbox, prepare(folder / "project", environment), Repository(sandbox.home.repository, people))
    try:
        yield rig
    finally:
        rig.make_whole()
        rig.take_away()


def _remove_by_hand(stack: Made) -> None:
    """What a `destroy` that failed has left in the clusters."""
    with suppress(MeshrollError, ApiError):
        found = stack.host.get(ARGO, "Application", stack.application, "argocd")
        if found is not None:
            loose = {"metadata": {"finalizers": None}}
            stack.host.patch(ARGO, "Application", stack.application, "argocd", loose, field_manager="tests")
    for kube, api_version, kind, name, namespace in (
        (stack.host, ARGO, "Application", stack.application, "argocd"),
        (stack.host, ARGO, "AppProject", stack.namespace, "argocd"),
        (stack.host, MESH, "GlobalMesh", stack.name, "mspider-system"),
        (stack.worker, "v1", "Namespace", stack.namespace, None),
        (stack.host, "v1", "Namespace", stack.namespace, None),
    ):
        with suppress(MeshrollError, ApiError):
            _remove(kube, api_version, kind, name, namespace)


def _remove(kube: Kube, api_version: str, kind: str, name: str, namespace: str | None) -> None:
    kube.delete(api_version, kind, name, namespace)
    within(REST_SECONDS, lambda: kube.get(api_version, kind, name, namespace) is None)
