"""Parts of the sandbox that are killed, stopped or silent for a while, and brought back."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.sandbox.chaos.rig import Rig
from tests.sandbox.chaos.scenario import Run

GATEWAY = "worker-1/gateway"
# Every part whose loss users may see; only the gateway serves requests itself.
PARTS = (
    "etcd",
    "host/kube-apiserver",
    "host/kube-controller-manager",
    "worker-1/kube-apiserver",
    "worker-1/kube-controller-manager",
    "worker-1/kube-scheduler",
    "worker-1/kwok",
    "valkey",
    "argocd/repo-server",
    "argocd/application-controller",
    "istiod",
    "synchronizer",
    "worker-1/runner",
    "worker-1/rollouts",
    GATEWAY,
)


def pid_of(rig: Rig, part: str) -> int:
    """The process of a part that runs."""
    (row,) = [row for row in rig.sandbox.status() if row.name == part]
    assert row.pid is not None, part
    return row.pid


def _start(run: Run, part: str) -> None:
    run.rig.sandbox.start(part)
    run.happens(f"{part} is ready again")


@contextmanager
def killed(run: Run, part: str) -> Iterator[None]:
    """Kill a part; it is started again after the block."""
    os.kill(pid_of(run.rig, part), signal.SIGKILL)
    run.happens(f"{part} is killed")
    try:
        yield
    finally:
        _start(run, part)


@contextmanager
def stopped(run: Run, part: str) -> Iterator[None]:
    """Stop a part in order; it is started again after the block."""
    run.rig.sandbox.stop(part)
    run.happens(f"{part} is stopped")
    try:
        yield
    finally:
        _start(run, part)


@contextmanager
def silent(run: Run, part: str) -> Iterator[None]:
    """A part keeps its connections and answers nothing until the block ends."""
    pid = pid_of(run.rig, part)
    os.kill(pid, signal.SIGSTOP)
    run.happens(f"{part} is silent")
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
        run.happens(f"{part} goes on")


@contextmanager
def repository_away(run: Run) -> Iterator[None]:
    """The rollout repository cannot be found until the block ends."""
    there = run.rig.rollouts.path
    there.rename(there.with_suffix(".away"))
    run.happens("the repository is away")
    try:
        yield
    finally:
        there.with_suffix(".away").rename(there)
        run.happens("the repository is back")
