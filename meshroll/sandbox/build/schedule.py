"""In which order the parts are built, and how long that still takes: pure functions of what was seen so far."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from meshroll.sandbox.build.table import Build

_EXPECTED_USE = 0.9  # of the cores
_EXPECTED_SECONDS = 60.0  # the weight of that beside what was seen: as if it had been seen for so long
_END_SHARE = 0.05  # of a build that took longer than expected: what is still to come
_MINUTE = 60.0


@dataclass(frozen=True)
class Spent:
    """A build that runs or is done, with the processor time that it took so far, in seconds."""

    build: Build
    seconds: float


def next_build(waiting: Sequence[Build], unfinished: Collection[str]) -> Build | None:
    """The build to start now: of those whose packages nobody else is compiling, the one with the most behind it.

    `unfinished` are the names of the builds that wait or run; None when everything that waits must wait longer.
    """
    free = [build for build in waiting if build.after not in unfinished]
    return max(free, key=lambda build: _weight(build, waiting), default=None)


def order(builds: Sequence[Build]) -> list[Build]:
    """All builds in the order in which they are started one at a time."""
    waiting, ordered = list(builds), list[Build]()
    while waiting:
        build = next_build(waiting, {item.name for item in waiting})
        if build is None:
            return [*ordered, *waiting]
        waiting.remove(build)
        ordered.append(build)
    return ordered


def seconds_left(
    waiting: Sequence[Build], running: Sequence[Spent], done: Sequence[Spent], elapsed: float, cores: int
) -> float:
    """A guess of the time left, in seconds: the measured costs, scaled by what this run took for the same so far."""
    scale = sum(item.seconds for item in done) / sum(item.build.cost for item in done) if done else 1.0
    to_do = scale * sum(build.cost for build in waiting)
    to_do += sum(max(scale * item.build.cost - item.seconds, _END_SHARE * item.seconds) for item in running)
    used = _EXPECTED_SECONDS * _EXPECTED_USE * cores + sum(item.seconds for item in [*running, *done])
    return to_do * (_EXPECTED_SECONDS + elapsed) / used


def words_left(seconds: float) -> str:
    """The time left as people read it: `about 12 min left`."""
    minutes = round(seconds / _MINUTE)
    return f"about {minutes} min left" if minutes > 1 else "about a minute left"


def _weight(build: Build, waiting: Sequence[Build]) -> float:
    behind = [_weight(item, waiting) for item in waiting if item.after == build.name]
    return build.cost + max(behind, default=0.0)
