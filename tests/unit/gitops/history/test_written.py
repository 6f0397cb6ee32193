"""What `up` wrote is known from its commits, also when the state is older: those after it are its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshroll.gitops.history.events import Event
from meshroll.gitops.history.holds import decide
from meshroll.gitops.history.written import Written, last_written
from meshroll.gitops.plans import VersionChange

EAST = "clusters/east"


def moved(old: str | None, new: str, command: str = "up", *, stack: str = "prod", path: str = EAST) -> Event:
    event = Event("shop", old, new, f"{old}{new}", "", "Ada", "2026-11-01T10:00:00+01:00", stack, path, f"plan-{new}")
    return replace(event, command=command)


def undone(old: str, new: str) -> Event:
    return replace(moved(old, new, "rollback"), undoes=("r",), undone_plans=(f"plan-{old}",))


def held(desired: str, in_git: str, events: list[Event], state: str | None, stack: str = "prod") -> bool:
    return decide(VersionChange("shop", in_git, desired, EAST), events, written=state, stack=stack) is not None


def test_what_up_committed_and_could_not_remember_is_its_own() -> None:
    history = [moved("v1", "v2"), moved(None, "v1")]
    assert last_written(history, EAST, stack="prod", state="v1") == Written("v2", newest=True)
    assert not held("v3", "v2", history, "v1")
    assert not held("v1", "v2", history, "v1")  # back to what it was


def test_however_often_up_was_killed() -> None:
    history = [moved("v3", "v4"), moved("v2", "v3"), moved("v1", "v2"), moved(None, "v1")]
    assert last_written(history, EAST, stack="prod", state="v1") == Written("v4", newest=True)
    assert not held("v5", "v4", history, "v1")


def test_a_change_of_parameters_in_between_brings_no_version() -> None:
    history = [moved("v2", "v2", "apply"), moved("v1", "v2"), moved(None, "v1")]
    assert not held("v3", "v2", history, "v1")


def test_a_version_that_was_undone_and_followed_by_another_up_is_seen_through() -> None:
    history = [moved("v1", "v3"), undone("v2", "v1"), moved("v1", "v2"), moved("v0", "v1"), moved(None, "v0")]
    assert last_written(history, EAST, stack="prod", state="v0") == Written("v3", newest=True)
    assert not held("v4", "v3", history, "v0")


@pytest.mark.parametrize("command", ["apply", "retry", ""])
def test_what_a_person_released_is_held(command: str) -> None:
    history = [moved("v1", "v2", command), moved(None, "v1")]
    assert held("v3", "v2", history, "v1")
    assert last_written(history, EAST, stack="prod", state="v1") == Written("v1")


def test_what_a_person_released_on_top_of_up_is_held_and_up_wrote_what_is_below() -> None:
    history = [moved("v2", "v3", "apply"), moved("v1", "v2"), moved(None, "v1")]
    assert held("v4", "v3", history, "v1")
    assert last_written(history, EAST, stack="prod", state="v1") == Written("v2")


def test_what_a_person_changed_by_hand_on_top_of_up_is_held() -> None:
    history = [moved("v1", "v2"), moved(None, "v1")]
    assert held("v3", "v9", history, "v1")
    assert last_written(history, EAST, stack="prod", state="v1") == Written("v2", newest=True)


def test_what_a_person_returned_by_hand_to_what_up_wrote_is_held() -> None:
    history = [moved("v2", "v3", "apply"), moved("v1", "v2"), moved(None, "v1")]
    assert held("v4", "v2", history, "v1")


def test_what_up_of_another_stack_wrote_is_held_and_so_is_what_no_stack_did() -> None:
    assert held("v3", "v2", [moved("v1", "v2", stack="staging")], "v1")
    assert held("v3", "v2", [moved("v1", "v2", stack="")], "v1", stack="")


def test_a_branch_that_was_moved_back_is_held_though_up_wrote_what_it_holds() -> None:
    history = [moved("v0", "v1"), moved(None, "v0")]
    assert held("v2", "v1", history, "v2")
    assert last_written(history, EAST, stack="prod", state="v2") == Written("v2", complete=False)


def test_what_up_replaced_once_a_person_had_agreed_is_seen_through() -> None:
    history = [moved("v9", "v10"), moved("v3", "v4", "apply"), moved("v1", "v2"), moved(None, "v1")]
    assert last_written(history, EAST, stack="prod", state="v1") == Written("v10", newest=True)
    assert not held("v11", "v10", history, "v1")


def test_what_up_wrote_elsewhere_does_not_count() -> None:
    history = [moved("v1", "v2", path="clusters/west"), moved(None, "v1")]
    assert held("v3", "v2", history, "v1")


def test_older_events_may_tell_what_the_newest_do_not() -> None:
    history = [moved("v3", "v4"), moved("v2", "v3"), moved("v1", "v2")]
    assert [last_written(history[:count], EAST, stack="prod", state="v1").complete for count in range(4)] == [
        False,
        False,
        False,
        True,
    ]


@dataclass
class Service:
    """A model: what Git holds, what `up` really wrote last, and what its state remembers."""

    git: str = "v0"
    wrote: str = "v0"
    state: str = "v0"
    events: list[Event] = field(default_factory=lambda: [moved(None, "v0")])
    count: int = 0

    def next(self) -> str:
        self.count += 1
        return f"v{self.count}"

    @property
    def is_up_to_hold(self) -> bool:
        """What a person put there is not overwritten, but a version that an undo left is."""
        return self.git != self.wrote and not (self.events[0].is_undo and self.events[0].new == self.git)

    @property
    def is_complete(self) -> bool:
        """Whether a commit names what the state remembers; a version that came by hand is in no trailer."""
        return any(self.state in (event.old, event.new) for event in self.events)

    def release(self, command: str, stack: str = "prod") -> None:
        new = self.next()
        self.events.insert(0, moved(self.git, new, command, stack=stack))
        self.git = new

    def up(self, *, finished: bool) -> None:
        if held(f"v{self.count + 1}", self.git, self.events, self.state):
            return
        self.release("up")
        self.wrote = self.git
        if finished:
            self.state = self.git

    def agree(self) -> None:
        """`meshroll set --from-git`, and an `up` that has nothing to commit."""
        self.wrote = self.state = self.git

    def by_hand(self) -> None:
        self.git = self.next()

    def undo(self) -> None:
        newest = self.events[0]
        if newest.new == self.git and newest.old and not newest.is_undo:
            self.events.insert(0, undone(self.git, newest.old))
            self.git = newest.old


ACTIONS: dict[str, Callable[[Service], None]] = {
    "up": lambda service: service.up(finished=True),
    "up killed": lambda service: service.up(finished=False),
    "apply": lambda service: service.release("apply"),
    "retry": lambda service: service.release("retry"),
    "a command of before": lambda service: service.release(""),
    "up of another stack": lambda service: service.release("up", "staging"),
    "by hand": Service.by_hand,
    "rollback": Service.undo,
    "agree": Service.agree,
}


@given(st.lists(st.sampled_from(sorted(ACTIONS)), max_size=12))
def test_a_version_waits_exactly_while_git_holds_what_somebody_else_put_there(actions: list[str]) -> None:
    service = Service()
    for action in actions:
        ACTIONS[action](service)
        waits = held(f"v{service.count + 1}", service.git, service.events, service.state)
        if service.is_complete:
            assert waits == service.is_up_to_hold, actions
        else:
            assert waits >= service.is_up_to_hold, actions


@given(st.lists(st.booleans(), min_size=1, max_size=6), st.data())
def test_a_branch_moved_back_before_what_up_remembers_is_always_held(ups: list[bool], data: st.DataObject) -> None:
    service = Service()
    for finished in (*ups, True):
        service.up(finished=finished)
    gone = data.draw(st.integers(1, len(service.events) - 1))
    left = service.events[gone:]
    assert held(service.next(), left[0].new or "", left, service.state)


@given(st.lists(st.sampled_from(sorted(ACTIONS)), max_size=12))
def test_what_the_newest_events_tell_older_ones_do_not_change(actions: list[str]) -> None:
    service = Service()
    for action in actions:
        ACTIONS[action](service)
    answers = [
        last_written(service.events[:count], EAST, stack="prod", state=service.state)
        for count in range(len(service.events) + 1)
    ]
    first = next((index for index, answer in enumerate(answers) if answer.complete), len(answers) - 1)
    assert len(set(answers[first:])) == 1
