"""Plans as values: their hash, their restriction, their commit message."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops import Edit, Plan, VersionChange
from meshroll.gitops.message import commit_message

ONE = Edit("live/provider/rollout.yaml", "a" * 40, "b" * 40)
TWO = Edit("live/consumer/rollout.yaml", "", "c" * 40)
PLAN = Plan(
    url="file:///r.git",
    branch="main",
    base="d" * 40,
    edits=(TWO, ONE),
    changes=(VersionChange("provider", "v1", "v2"), VersionChange("consumer", None, "v1")),
    diff="diff",
    contents={},
)


def test_the_hash_is_of_what_is_addressed_and_not_of_when() -> None:
    assert PLAN.hash == replace(PLAN, base="e" * 40, diff="", edits=(ONE, TWO)).hash
    others = [
        replace(PLAN, edits=(ONE,)),
        replace(PLAN, branch="live"),
        replace(PLAN, url="file:///other.git"),
        replace(PLAN, edits=(TWO, replace(ONE, old=""))),
    ]
    assert len({PLAN.hash, *(other.hash for other in others)}) == 5


def test_a_plan_bound_to_edits_keeps_the_changes_they_make() -> None:
    bound = PLAN.bound_to([ONE])
    assert (bound.edits, bound.changes) == ((ONE,), (VersionChange("provider", "v1", "v2"),))


def test_a_service_whose_name_ends_like_anothers_is_not_taken_for_it() -> None:
    plan = replace(PLAN, changes=(VersionChange("vider", "v1", "v2"),))
    assert plan.bound_to([ONE]).changes == ()


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        (VersionChange("provider", "v1", "v2"), "Release provider v1 -> v2"),
        (VersionChange("provider", None, "v2"), "Release provider v2"),
        (VersionChange("provider", "v2", "v2"), "Change provider v2"),
        (VersionChange("provider", None, None), "Change provider"),
    ],
)
def test_the_subject_says_what_a_person_wants_to_know(change: VersionChange, subject: str) -> None:
    assert commit_message(replace(PLAN, changes=(change,)), "prod").splitlines()[0] == subject


def test_the_whole_message() -> None:
    assert commit_message(PLAN, "prod") == (
        "Release 2 services of prod\n\n- provider v1 -> v2\n- consumer - -> v1\n\n"
        f"Meshroll-Stack: prod\nMeshroll-Service: provider v1 -> v2\nMeshroll-Service: consumer - -> v1\n"
        f"Meshroll-Plan: {PLAN.hash}\n"
    )


@pytest.mark.parametrize("stack", ["", " ", "a\nMeshroll-Stack: b", "a\x1b[2J"])
def test_a_stacks_name_cannot_forge_a_trailer(stack: str) -> None:
    with pytest.raises(BadInputError, match="cannot stand in a commit message"):
        commit_message(PLAN, stack)
