"""Starts parts in the order of what they need, as many at once as that allows, and knows which are alive.

Contract: a part is started once its needs are *ready*, never after a mere pause; a part that runs already is left
alone; a part that dies is named and stays dead until the next `start`. State on disk (pid files) is all there is: any
later command, or one after a kill -9 of everything, sees the same. The caller holds the sandbox's lock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from enum import Enum

from meshroll.errors import BadInputError, TimedOutError, UnavailableError
from meshroll.sandbox.state.home import Home
from meshroll.sandbox.supervision import clashes, listeners, process
from meshroll.sandbox.supervision.part import Node, Part, Task, levels

READY_SECONDS = 90.0
_POLL_SECONDS = 0.05
_KILLED_SECONDS = 10.0
_TAIL_LINES = 10


class PartState(Enum):
    """What a part is doing."""

    READY = "ready"
    STARTING = "not ready"
    DEAD = "dead"
    STOPPED = "stopped"


@dataclass(frozen=True)
class PartStatus:
    """One row of `status`; `log_end` only for a part that is dead or not ready."""

    name: str
    state: PartState
    pid: int | None
    ports: Mapping[str, int]
    log_end: tuple[str, ...] = ()


class _SkippedError(Exception):
    """A need failed; the need's own error is the one to report."""


class Supervisor:
    """The parts of one sandbox, in a table whose needs come before their users."""

    def __init__(self, home: Home, nodes: Sequence[Node], progress: Callable[[str], None] = lambda _: None) -> None:
        self._home = home
        self._nodes = nodes
        self._progress = progress
        self._reporting = threading.Lock()
        self._interrupted = threading.Event()

    @property
    def parts(self) -> list[Part]:
        """The processes among the table's rows."""
        return [node for node in self._nodes if isinstance(node, Part)]

    def part(self, name: str) -> Part:
        """A part by name; BadInputError with the names there are."""
        for part in self.parts:
            if part.name == name:
                return part
        names = ", ".join(part.name for part in self.parts)
        raise BadInputError(
            f"there is no part {name!r}", where=f"sandbox {self._home.name}", expected=f"one of {names}"
        )

    def start(self, names: Iterable[str] | None = None) -> None:
        """Start what does not run, all or only the named parts, and wait until it is ready. Steps run with all."""
        wanted = None if names is None else set(names)
        nodes = [node for node in self._nodes if wanted is None or node.name in wanted]
        self._check_ports([node for node in nodes if isinstance(node, Part)])
        futures: dict[str, Future[None]] = {}
        with ThreadPoolExecutor(max_workers=max(1, len(nodes)), thread_name_prefix="part") as pool:
            for node in nodes:
                needs = [futures[need] for need in node.needs if need in futures]
                futures[node.name] = pool.submit(self._bring_up, node, needs)
            try:
                wait(futures.values())
            except BaseException:
                # An interrupted command must not go on waiting for parts; those that were started stay.
                self._interrupted.set()
                raise
        errors = [error for future in futures.values() if (error := future.exception())]
        for error in errors:
            if not isinstance(error, _SkippedError):
                raise error

    def stop(self, names: Iterable[str] | None = None) -> None:
        """Stop parts, users before what they need, with everything they started; a part that is dead is forgotten."""
        wanted = None if names is None else set(names)
        marked = process.marked(self._mark(""))
        for level in reversed(levels(self._nodes)):
            parts = [node for node in level if isinstance(node, Part) and (wanted is None or node.name in wanted)]
            grace = max((part.grace for part in parts), default=0.0)
            # First the parts, which may end in order what they started, then what they leave.
            process.end([identity for part in parts if (identity := self._identity(part.name))], grace)
            process.end([left for part in parts for left in marked.pop(self._mark(part.name), [])], grace)
            for part in parts:
                self._home.pid_file(part.name).unlink(missing_ok=True)
        # Looked at anew: a part may have started more while it was stopped. With all parts, those of an earlier, larger
        # table go, too: nothing of this sandbox may stay.
        marks = None if wanted is None else {self._mark(name) for name in wanted}
        left = [
            identity
            for mark, group in process.marked(self._mark("")).items()
            if marks is None or mark in marks
            for identity in group
        ]
        if wanted is None:
            for pid_file in self._home.run("").glob("*.pid"):
                left += [identity] if (identity := process.Identity.load(pid_file)) else []
                pid_file.unlink(missing_ok=True)
        process.end(left, 5.0)

    def status(self) -> list[PartStatus]:
        """All parts in the table's order; ready ones are asked, all at once."""
        with ThreadPoolExecutor(max_workers=max(1, len(self.parts))) as pool:
            return list(pool.map(self._status, self.parts))

    def _status(self, part: Part) -> PartStatus:
        identity = self._identity(part.name)
        if identity is None:
            return PartStatus(part.name, PartState.STOPPED, None, part.ports)
        if not identity.running:
            return PartStatus(part.name, PartState.DEAD, identity.pid, part.ports, self._log_end(part.name))
        if not part.ready():
            return PartStatus(part.name, PartState.STARTING, identity.pid, part.ports, self._log_end(part.name))
        return PartStatus(part.name, PartState.READY, identity.pid, part.ports)

    def _bring_up(self, node: Node, needs: Sequence[Future[None]]) -> None:
        for need in needs:
            if need.exception() or self._interrupted.is_set():
                raise _SkippedError(node.name)
        began = time.monotonic()
        if isinstance(node, Task):
            node.run()
            return
        identity = self._identity(node.name)
        if identity and identity.alive and identity.digest != node.digest:
            self._report(f"{node.name} is started anew: it is to be started in another way than before")
            self.stop([node.name])
            identity = None
        # One that was killed unseen, or was on its way to fail as an earlier command left it, ends here.
        if identity and self._await_ready(node, identity):
            return
        if identity:
            process.end([identity], _KILLED_SECONDS)  # until the kernel has taken it apart it holds its ports
        if not self._await_ready(node, self._spawn(node)):
            log = self._home.log(node.name)
            last = next((line for line in reversed(self._log_end(node.name)) if line.strip()), "nothing")
            raise UnavailableError(f"ended while it started; its log {log} ends with: {last}", where=node.name)
        self._report(f"{node.name} is ready after {time.monotonic() - began:.1f} s")

    def _spawn(self, part: Part) -> process.Identity:
        if not part.leaves:
            # What a killed part started itself still holds its ports.
            process.end(process.marked(self._mark(part.name)).get(self._mark(part.name), []), part.grace)
        part.ready.reset()
        log, cwd = self._home.log(part.name), part.cwd or self._home.path
        identity = process.spawn(part.command, part.environment, self._mark(part.name), log, cwd)
        replace(identity, digest=part.digest).store(self._home.pid_file(part.name))
        return identity

    def _report(self, text: str) -> None:
        with self._reporting:
            self._progress(text)

    def _await_ready(self, part: Part, identity: process.Identity) -> bool:
        """Wait until the process of a part is ready; False when it is not there, or ends before."""
        deadline = time.monotonic() + READY_SECONDS
        while True:
            ready = part.ready()
            # Asked afterwards: of a killed process, the kernel still accepts connections for a moment.
            if not identity.running:
                process.reap(identity)
                return False
            if ready:
                return True
            if self._interrupted.is_set():
                raise _SkippedError(part.name)
            if time.monotonic() > deadline:
                log = self._home.log(part.name)
                raise TimedOutError(f"is not ready after {READY_SECONDS:.0f} s; see {log}", where=part.name)
            time.sleep(_POLL_SECONDS)

    def _check_ports(self, parts: Sequence[Part]) -> None:
        starting = [part for part in parts if not ((identity := self._identity(part.name)) and identity.alive)]
        ours = {identity.pid for group in process.marked(self._mark("")).values() for identity in group}
        foreign = listeners.listening() - listeners.of_processes(ours)
        clashes.refuse(starting, foreign)

    def _identity(self, name: str) -> process.Identity | None:
        identity = process.Identity.load(self._home.pid_file(name))
        if identity:
            process.reap(identity)
        return identity

    def _mark(self, part: str) -> str:
        return f"{self._home.path}:{part}"

    def _log_end(self, name: str) -> tuple[str, ...]:
        return tuple(process.tail(self._home.log(name), _TAIL_LINES))
