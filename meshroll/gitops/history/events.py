"""Releases and undos of services, read back from the trailers of the branch's commits.

Only messages count, never a commit's id: a rebased commit has its trailers, and a squashed one those of all its parts
(each paragraph of trailers is read as Git would read it at a message's end). History is fetched no further back than
the question needs, and without files where the server allows it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from meshroll.gitops.git import (
    NO_CONFIGURATION,
    TIP,
    Git,
    Remote,
    Transport,
    growing_history,
    open_cache,
    retried,
    trailers_of,
)
from meshroll.gitops.plans import (
    COMMAND,
    EVERYWHERE,
    FIELD,
    PLAN,
    REASON,
    SERVICE,
    STACK,
    UNDO,
    UNDO_PLAN,
    Scope,
    related,
)
from meshroll.text import one_line
from meshroll.text.trailers import unquoted

_CHANGE = re.compile(r"(?P<service>\S+) (?P<old>\S+) -> (?P<new>\S+)(?: in (?P<path>.+))?")
_PART = re.compile(rf"^[ \t]*{SERVICE}: ", re.MULTILINE)
_FORMAT = "%H%x00%P%x00%an%x00%aI%x00%(trailers:only,unfold)%x00%B"
_FIELDS = 6


@dataclass(frozen=True)
class Event:
    """The release of a service's version in one commit, or the undo of one."""

    service: str
    old: str | None
    new: str | None
    commit: str
    parent: str
    author: str
    when: str  # ISO 8601, with the author's offset
    stack: str = ""
    path: str = ""  # where the service was looked for
    plan: str = ""
    undoes: tuple[str, ...] = ()  # commits as they were called when they were undone
    undone_plans: tuple[str, ...] = ()
    reason: str = ""
    fields: tuple[str, ...] = ()  # the places it changed, where others were asked for than those found anyway
    by_hand: bool = False  # made up for a commit without trailers: see `by_hand`
    command: str = ""  # up, apply, rollback or retry; empty where the commit does not name one

    @property
    def is_undo(self) -> bool:
        """Whether it undoes releases."""
        return bool(self.undoes or self.undone_plans)

    @property
    def day(self) -> str:
        """The date and minute, as the author's clock had it."""
        return self.when[:16].replace("T", " ")


Enough = Callable[[Sequence[Event]], bool]
Trailers = list[tuple[str, str]]


def read_events(
    remote: Remote,
    *,
    services: Collection[str] = (),
    scope: Scope = EVERYWHERE,
    enough: Enough = lambda _: False,
    cache: Path | None = None,
) -> tuple[Event, ...]:
    """The events of some services (none given: of all) that count in a scope, newest first."""

    def read() -> tuple[Event, ...]:
        with open_cache(remote, cache) as git:
            transport = Transport(git, remote)
            return fetch_events(transport, services, scope, enough) if transport.fetch() else ()

    return retried(read)


def fetch_events(transport: Transport, services: Collection[str], scope: Scope, enough: Enough) -> tuple[Event, ...]:
    """The same for a branch just fetched: looks further back until the question is answered or the past ends."""
    found: tuple[Event, ...] = ()
    for _ in growing_history(transport):
        found = tuple(
            event
            for event in events_of(transport.git, TIP)
            if (not services or event.service in services) and scope.covers(event.stack, event.path)
        )
        if enough(found):
            break
    return found


def newest_known(places: Collection[tuple[str, str]]) -> Enough:
    """Answered when the newest release of each service at its place is found; undos may lie on top of it."""

    def found(events: Sequence[Event]) -> bool:
        releases = [event for event in version_changes(events) if not event.is_undo]
        return all(any(event.service == service for event in at(releases, path)) for service, path in places)

    return found


def version_changes(events: Iterable[Event]) -> list[Event]:
    """Without the events that brought no other version: they do not decide which version there should be."""
    return [event for event in events if event.old != event.new]


def at(events: Iterable[Event], place: str) -> list[Event]:
    """The events of a place, above it or below it."""
    return [event for event in events if related(event.path, place)]


def events_of(git: Git, *revisions: str) -> Iterator[Event]:
    """The events of all services in the commits that `git log` lists for some revisions, newest first."""
    commits = list(_commits(git, revisions))
    parts = _parts(git, [(trailers, body) for *_, trailers, body in commits])
    for (commit, parents, author, when, *_), own in zip(commits, parts, strict=True):
        about = (commit, parents.partition(" ")[0], one_line(author), when)
        yield from _ordered([event for part in own for event in _of(part, *about)])


def _commits(git: Git, revisions: Sequence[str]) -> Iterator[list[str]]:
    """The fields of each commit in whose message a service is named; the others are not kept."""
    command = ("log", "-z", "--topo-order", f"--format={_FORMAT}", *revisions, "--")
    printed = git.fields(*command, environment=NO_CONFIGURATION)
    for fields in zip(*[printed] * _FIELDS, strict=False):
        if any(SERVICE.encode() in field for field in fields[-2:]):
            git.budget.take("bytes", sum(map(len, fields)))
            yield [field.decode("utf-8", "backslashreplace") for field in fields]


def _parts(git: Git, messages: Sequence[tuple[str, str]]) -> list[list[Trailers]]:
    """The trailers of each commit (its trailers as Git has them, and its body), in the message's order.

    Of a commit that others were squashed into they are those of each part.
    """
    whole = [_pairs(trailers) for trailers, _ in messages]
    squashed = [
        _paragraphs(body) if len(_PART.findall(body)) != sum(name == SERVICE for name, _ in own) else []
        for own, (_, body) in zip(whole, messages, strict=True)
    ]
    parsed = iter(trailers_of(git, [text for texts in squashed for text in texts]))
    return [
        [_pairs(next(parsed)) for _ in texts] if texts else [own] for own, texts in zip(whole, squashed, strict=True)
    ]


def _paragraphs(body: str) -> list[str]:
    """The paragraphs that may hold a part's trailers, without the indentation that `git merge --squash` gives them."""
    return [
        textwrap.dedent(text).strip() for text in re.split(r"\n[ \t]*\n", body) if _PART.search(textwrap.dedent(text))
    ]


def _pairs(trailers: str) -> Trailers:
    pairs = (line.partition(": ") for line in trailers.split("\n"))
    return [(name, one_line(value.strip())) for name, _, value in pairs]


def _of(part: Trailers, commit: str, parent: str, author: str, when: str) -> Iterator[Event]:
    """The events of one paragraph."""
    values: dict[str, list[str]] = {}
    for name, value in part:
        values.setdefault(name, []).append(value)
    for text in values.get(SERVICE, []):
        if change := _CHANGE.fullmatch(text):
            service = unquoted(change["service"]) or ""
            named = (field.partition(" ") for field in values.get(FIELD, []))
            yield Event(
                service=service,
                old=unquoted(change["old"]),
                new=unquoted(change["new"]),
                commit=commit,
                parent=parent,
                author=author,
                when=when,
                stack=(values.get(STACK) or [""])[-1],
                path=change["path"] or "",
                plan=(values.get(PLAN) or [""])[-1],
                undoes=tuple(values.get(UNDO, ())),
                undone_plans=tuple(values.get(UNDO_PLAN, ())),
                reason=(values.get(REASON) or [""])[-1],
                fields=tuple(field for name, _, field in named if unquoted(name) == service),
                command=_command(values),
            )


def _command(values: Mapping[str, Sequence[str]]) -> str:
    """The command of a paragraph; not known where the trailers of several commits were joined into one."""
    commands, stacks = set(values.get(COMMAND, ())), set(values.get(STACK, ()))
    return commands.pop() if len(commands) == 1 and len(stacks) <= 1 else ""


def _ordered(events: Sequence[Event]) -> Iterator[Event]:
    """Newest first within one commit. A squash lists its parts in either order: the versions show which."""
    for own in _grouped(events, lambda event: event.service):
        yield from own if _newest_first(own) else own[::-1]


def _grouped(events: Sequence[Event], key: Callable[[Event], str]) -> Iterable[list[Event]]:
    groups: dict[str, list[Event]] = {}
    for event in events:
        groups.setdefault(key(event), []).append(event)
    return groups.values()


def _newest_first(events: Sequence[Event]) -> bool:
    """Whether a service's events are in that order, by the first place that shows it; False where none does."""
    answers = (_is_newest_first(there) for there in _grouped(events, lambda event: event.path))
    return next((answer for answer in answers if answer is not None), False)


def _is_newest_first(events: Sequence[Event]) -> bool | None:
    """The same for one place: each event goes on from the one before it. None where both orders would do."""
    for fits in (_is_chain, _undoes_the_next):
        as_listed, turned_round = fits(events), fits(events[::-1])
        if as_listed != turned_round:
            return as_listed
    return None


def _undoes_the_next(newest_first: Sequence[Event]) -> bool:
    return any(undo.is_undo and other.plan in undo.undone_plans for undo, other in pairwise(newest_first))


def _is_chain(newest_first: Sequence[Event]) -> bool:
    return all(later.old == earlier.new for later, earlier in pairwise(newest_first))
