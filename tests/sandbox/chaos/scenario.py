"""What a scenario is: where it begins, what is done, and what must hold afterwards."""

from __future__ import annotations

import random
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

from tests.sandbox.chaos.commands import UP, Done, Running, meshroll
from tests.sandbox.chaos.load import Away, Load
from tests.sandbox.chaos.observation import Observation, observe, path_of, version_in
from tests.sandbox.chaos.rig import Rig, Start
from tests.support.sandbox.stacks import PROVIDER

Exit = Literal["success", "failure", "any"]
Holder = Literal["before", "wanted", "theirs"]
BACK_SECONDS = 30.0
_WAY = re.compile(r"`(meshroll (?:set|retry)\b[^`]*)`")


@dataclass(frozen=True)
class Expected:
    """What must hold: of the judged commands, and of Git after the act and after the second run.

    `says` and `never_says` are regular expressions over what the judged commands said. `kept` asks that a failed wait
    left the Release in Pulumi's state with its new outputs, as not initialized. `weights` are the provider's
    after the act.
    """

    exit: Exit = "success"
    says: tuple[str, ...] = ()
    never_says: tuple[str, ...] = ()
    git: tuple[Holder, ...] = ("wanted",)
    at_last: Holder = "wanted"
    kept: bool = False
    locked: bool = False  # whether the second run may find Pulumi's lock of the first
    weights: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Scenario:
    """One kind of disturbance. `mend` takes away, before the second run, what `act` left in the stack file."""

    name: str
    act: Callable[[Run], None]
    expected: Expected
    start: Start = "finished"
    mend: Callable[[Run], None] = lambda _: None
    second_run: bool = True
    needs_root: bool = False


@dataclass(frozen=True)
class Event:
    """Something that was done or seen, with its time (seconds of the monotonic clock)."""

    at: float
    what: str


@dataclass
class Run:
    """One scenario on its way: what acts use, and what they leave for the record."""

    rig: Rig
    load: Load
    random: random.Random
    since: str
    before: str
    wanted: str
    theirs: str
    next: str
    judged: list[Done] = field(default_factory=list)
    ends: list[tuple[Done, Observation]] = field(default_factory=list)
    said: list[Done] = field(default_factory=list)
    away: list[Away] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def happens(self, what: str) -> None:
        """Note the time of something that was done or seen."""
        self.events.append(Event(monotonic(), what))

    def ask_for(self, version: str) -> None:
        """Set the provider's version in the stack file."""
        self.rig.stack.put(f"/services/{PROVIDER}/version", version)

    def release(self) -> Running:
        """Ask for the wanted version, and start `pulumi up`."""
        self.ask_for(self.wanted)
        return self.start_up()

    def start_up(self) -> Running:
        """Start `pulumi up`."""
        self.happens("pulumi up begins")
        return self.rig.start(*UP, "--stack", self.rig.stack.name)

    def start_promote(self, *options: str) -> Running:
        """Start `meshroll promote` of the provider."""
        self.happens("meshroll promote begins")
        return self.rig.start(*meshroll("promote", PROVIDER, "-s", self.rig.stack.name, *options))

    def judge(self, running: Running) -> Done:
        """Wait for a command on whose exit code and words the scenario depends; look around at once if it succeeds."""
        done = self.heard(running.wait())
        self.judged.append(done)
        if done.succeeded:
            self.ends.append((done, self.observe()))
        return done

    def heard(self, done: Done) -> Done:
        """Keep what a command said."""
        self.happens(f"`{done.words}` has ended with {done.exit_code}")
        self.said.append(done)
        return done

    def take_said(self) -> tuple[Done, ...]:
        """What was said since the last call."""
        said, self.said = tuple(self.said), []
        return said

    def observe(self) -> Observation:
        """Everything as it is now."""
        return observe(self.rig.stack, self.rig.rollouts, self.since)

    def commit(self, service: str, version: str) -> str:
        """Ada commits a version of a service."""
        rollouts, path = self.rig.rollouts, path_of(self.rig.stack, service)
        text, held = rollouts.read(path), self.version_in_git(service)
        assert f"version: {held}\n" in text
        changed = text.replace(f"version: {held}\n", f"version: {version}\n")
        made = rollouts.commit(f"{service} {version} by hand", write={path: changed})
        self.happens(f"Ada has committed {version} of {service}")
        return made

    def version_in_git(self, service: str) -> str:
        """The version of a service in Git."""
        return version_in(self.rig.rollouts.read(path_of(self.rig.stack, service)))

    def way_named(self, done: Done) -> Sequence[str] | None:
        """The command of ours that a message names to go on with."""
        found = _WAY.search(done.said)
        return meshroll(*shlex.split(found[1])[1:]) if found else None

    def goes_away(self, what: str) -> None:
        """From now on, something that serves requests is itself away."""
        self.happens(f"away from now on: {what}")
        self.away.append(Away(what, monotonic()))

    def comes_back(self, seconds: float = BACK_SECONDS) -> None:
        """End what is open of `goes_away`, once requests are answered again; without an answer it stays open."""
        if any(span.until is None for span in self.away) and self.load.wait_for_answers(3, seconds):
            self.happens("requests are answered again")
            now = monotonic()
            self.away = [span if span.until is not None else Away(span.what, span.since, now) for span in self.away]

    @contextmanager
    def serving_away(self, what: str) -> Iterator[None]:
        """Requests may fail in this block, and until they are answered again after it."""
        self.goes_away(what)
        yield
        self.comes_back()
