"""The two deliveries of the demo: what is done, step by step, and what is counted at each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from meshroll.delivery.clusters import connect
from meshroll.delivery.measure import Counts, sample
from meshroll.delivery.operate import promote
from meshroll.delivery.rollouts import Phase, RolloutState
from meshroll.delivery.wait import await_rollout
from meshroll.demo.project import Project
from meshroll.demo.report import Header, RehearsedDelivery, Sample, judge
from meshroll.errors import ConflictError
from meshroll.kube import Kube
from meshroll.sandbox import wait_settled
from meshroll.settings import load_file, set_version
from meshroll.settings.model import Service, Stack, Wait

SERVICE = "dubbo3-provider"
OLD, NEW = "v1", "v2"
REQUESTS = 2000
PATH = "/hello?name=test-v1"
Strategy = Literal["weight", "header"]


@dataclass(frozen=True)
class Scenario:
    """One stack of the demo: put at v1, delivered to v2, counted at every step."""

    strategy: Strategy
    stack: str
    project: Project
    say: Callable[[str], None]

    def run(self) -> RehearsedDelivery:
        """Deliver. Raises a MeshrollError when something does not get where it should in time."""
        settings = self._settings()
        for service in settings.services:
            set_version(self._file, service.name, OLD)
        release = f"{settings.argocd.project}-{settings.workers[0]}"
        self._up(release)
        watch = _Watch(settings, self.project, self.strategy, self.say)
        for service in settings.services:
            watch.finish(service.name)
        set_version(self._file, SERVICE, NEW)
        outputs = self._up(release)
        commit = outputs["release"][release]["commit"]
        url = outputs["gateway_endpoints"][watch.worker.name] + PATH
        steps = watch.by_weight(url) if self.strategy == "weight" else watch.by_header(url)
        return RehearsedDelivery(self.strategy, SERVICE, OLD, NEW, commit, steps)

    def _up(self, release: str) -> dict[str, Any]:
        """The outputs. Raises ConflictError when Git does not hold what the stack file wishes."""
        self.say(f"pulumi up --stack {self.stack}")
        self.project.pulumi("stack", "select", "--create", self.stack)
        self.project.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", self.stack)
        text = self.project.pulumi("stack", "output", "--json", "--stack", self.stack, capture=True)
        outputs: dict[str, Any] = json.loads(text)
        for service in self._settings().services:
            held = outputs["release"][release]["versions"].get(service.name)
            if held != service.version:
                raise ConflictError(
                    f"{service.name} stays at {held}: the update says why above",
                    where=f"stack {self.stack}",
                    expected="`meshroll sandbox clean`, which forgets the rollout repository",
                )
        return outputs

    def _settings(self) -> Stack:
        return load_file(self._file, self.project.environment)

    @property
    def _file(self) -> Path:
        return self.project.stack_file(self.stack)


class _Watch:
    """The running delivery of one stack in its first work cluster."""

    def __init__(self, settings: Stack, project: Project, strategy: Strategy, say: Callable[[str], None]) -> None:
        self._settings, self._strategy, self._say = settings, strategy, say
        self._istiod = project.environment["MESHROLL_ISTIOD_DEBUG"]
        self._namespace = settings.delivery.namespace
        self.worker = _connect(settings, settings.workers[0])
        self._host = _connect(settings, settings.argocd.cluster)

    def by_weight(self, url: str) -> tuple[Sample, ...]:
        """Count at every weight that the stack sets, and promote then instead of waiting for the pause's end.

        Raises ConflictError when a pause ran out before its weight was counted.
        """
        steps = []
        for weight in [step["setWeight"] for step in self._service(SERVICE).parameters["steps"] if "setWeight" in step]:
            before = self._rollout(SERVICE, "step")
            if before.phase is Phase.PAUSED and before.weight == weight:
                steps.append(self._count(url, f"setWeight {weight}", weight, None))
                after = self._rollout(SERVICE, "step")
            if before.phase is not Phase.PAUSED or before.weight != weight or after.step != before.step:
                raise ConflictError(f"the pause at weight {weight} ran out before it was counted; make it longer")
            self._say(promote(self.worker, self._namespace, SERVICE, full=False))
        self._rollout(SERVICE, "finished")
        steps.append(self._count(url, "finished", 100, None))
        return tuple(steps)

    def by_header(self, url: str) -> tuple[Sample, ...]:
        """Count with the header and without it while the delivery waits for a person, and after the promotion."""
        parameters = self._service(SERVICE).parameters
        header = Header(parameters["header"]["name"], parameters["header"]["value"])
        with_header = self._count(url, "setHeaderRoute", 100, header)
        without = self._count(url, "setHeaderRoute", 0, None)
        self.finish(SERVICE)
        return with_header, without, self._count(url, "finished", 100, None)

    def finish(self, service: str) -> None:
        """Promote in full what still stands at a step, and wait until the new version is the stable one."""
        if self._rollout(service, "step").phase is not Phase.HEALTHY:
            self._say(promote(self.worker, self._namespace, service, full=True))
            self._rollout(service, "finished")

    def _count(self, url: str, name: str, weight: int, header: Header | None) -> Sample:
        """One sample, begun only when every proxy has acknowledged the routes of this step."""
        wait_settled(
            self._istiod, host=self._host, workers=[self.worker], leader=self.worker, namespace=self._namespace
        )
        counts = asyncio.run(sample(url, REQUESTS, {header.name: header.value} if header else {}))
        step = judge(name, weight, header, counts.requests, counts.versions.get(OLD, 0), counts.versions.get(NEW, 0))
        self._say(_sentence(self._strategy, step, counts))
        return step

    def _rollout(self, service: str, until: Wait) -> RolloutState:
        return await_rollout(self.worker, self._namespace, service, until, self._settings.delivery.timeout_seconds)

    def _service(self, name: str) -> Service:
        return next(service for service in self._settings.services if service.name == name)


def _connect(stack: Stack, name: str) -> Kube:
    return connect(stack.clusters[name])


def _sentence(strategy: Strategy, step: Sample, counts: Counts) -> str:
    header = f" with {step.header.name}: {step.header.value}" if step.header else ""
    failed = f", {counts.errors} failed ({', '.join(counts.failures)})" if counts.errors else ""
    return (
        f"{strategy}, {step.name}{header}: {step.canary} of {step.requests} answers from {NEW}{failed}; "
        f"{step.low} to {step.high} wanted; {counts.rate:.0f} requests a second"
    )
