"""What a commit says: subject, the stack's own text, trailers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.git import Message
from meshroll.gitops.plans import Edit, Plan, VersionChange
from meshroll.gitops.plans.message import Undo, commit_message
from meshroll.text.trailers import quoted, unquoted

PLAN = Plan(
    url="file:///r.git",
    branch="main",
    base="d" * 40,
    edits=(Edit("live/provider/rollout.yaml", "", "a" * 40, "b" * 40, "provider"),),
    changes=(VersionChange("provider", "v1", "v2"), VersionChange("consumer", None, "v1")),
    diff="diff",
)
ONE = replace(PLAN, changes=PLAN.changes[:1])


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
    assert commit_message(replace(PLAN, changes=(change,)), "prod").text == f"{subject}\n"


def test_places_that_swap_their_versions_are_released_and_not_merely_changed() -> None:
    swapped = (VersionChange("provider", "v1", "v2", "east"), VersionChange("provider", "v2", "v1", "west"))
    assert commit_message(replace(PLAN, changes=swapped), "prod").text == (
        "Release provider\n\n- provider v1 -> v2\n- provider v2 -> v1\n"
    )


def test_changes_that_bring_no_version_are_listed_as_such_and_their_trailers_stay() -> None:
    changes = (VersionChange("provider", "v59", "v59"), VersionChange("consumer", "v3", "v3"))
    plan = replace(PLAN, changes=changes)
    assert commit_message(plan, "prod") == Message(
        "Change 2 services of prod\n\n- provider v59 changed\n- consumer v3 changed\n",
        (
            ("Meshroll-Stack", "prod"),
            ("Meshroll-Service", "provider v59 -> v59"),
            ("Meshroll-Service", "consumer v3 -> v3"),
            ("Meshroll-Plan", plan.hash),
        ),
    )
    with_a_release = (*changes, VersionChange("client", "v1", "v2"))
    assert commit_message(replace(PLAN, changes=with_a_release), "").text.startswith("Release 3 services\n")


def test_the_command_that_made_the_commit_has_a_trailer_where_it_is_known() -> None:
    assert commit_message(ONE, "prod", command="up").trailers == (
        ("Meshroll-Stack", "prod"),
        ("Meshroll-Command", "up"),
        ("Meshroll-Service", "provider v1 -> v2"),
        ("Meshroll-Plan", ONE.hash),
    )


def test_several_services_are_listed_and_each_has_a_trailer() -> None:
    assert commit_message(PLAN, "prod") == Message(
        "Release 2 services of prod\n\n- provider v1 -> v2\n- consumer - -> v1\n",
        (
            ("Meshroll-Stack", "prod"),
            ("Meshroll-Service", "provider v1 -> v2"),
            ("Meshroll-Service", "consumer - -> v1"),
            ("Meshroll-Plan", PLAN.hash),
        ),
    )


def test_a_release_without_a_stack_names_none_and_its_place_all_the_same() -> None:
    here = replace(ONE, changes=(replace(ONE.changes[0], path="clusters/a b"),))
    assert commit_message(here, "").trailers == (
        ("Meshroll-Service", "provider v1 -> v2 in clusters/a b"),
        ("Meshroll-Plan", here.hash),
    )


def test_an_undo_names_every_commit_and_plan_it_undoes_and_why() -> None:
    steps = (VersionChange("provider", "v3", "v2"), VersionChange("provider", "v2", "v1"))
    plan = replace(PLAN, changes=(VersionChange("provider", "v3", "v1"),))
    undo = Undo(steps, ("a" * 40, "b" * 40), ("c" * 64, "d" * 64), "it is slow")
    assert commit_message(plan, "prod", undo=undo) == Message(
        "Undo provider v3 -> v1\n\nit is slow\n",
        (
            ("Meshroll-Stack", "prod"),
            ("Meshroll-Service", "provider v3 -> v2"),
            ("Meshroll-Service", "provider v2 -> v1"),
            ("Meshroll-Plan", plan.hash),
            ("Meshroll-Undo", "a" * 40),
            ("Meshroll-Undo", "b" * 40),
            ("Meshroll-Undo-Plan", "c" * 64),
            ("Meshroll-Undo-Plan", "d" * 64),
            ("Meshroll-Reason", "it is slow"),
        ),
    )


def test_the_stack_may_put_words_around_ours() -> None:
    template = "ops: {subject}\n\n{services} of {stack}: {changes} {other}"
    assert commit_message(ONE, "prod", template).text == (
        "ops: Release provider v1 -> v2\n\nprovider of prod: provider v1 -> v2 {other}\n"
    )


@pytest.mark.parametrize("stack", [" ", "a\nMeshroll-Stack: b", "a\x1b[2J"])
def test_a_stacks_name_cannot_forge_a_trailer(stack: str) -> None:
    with pytest.raises(BadInputError, match="cannot be part of a commit message"):
        commit_message(PLAN, stack)


@pytest.mark.parametrize(
    ("version", "word"),
    [("v 2", "v%202"), ("v2\nMeshroll-Undo: x", "v2%0AMeshroll-Undo:%20x"), ("-", "%2D"), ("5%", "5%25"), ("é", "é")],
)
def test_a_version_cannot_split_its_trailer_and_is_read_back(version: str, word: str) -> None:
    message = commit_message(replace(PLAN, changes=(VersionChange("provider", "v1", version),)), "prod")
    assert message.trailers[1] == ("Meshroll-Service", f"provider v1 -> {word}")
    assert unquoted(word) == version.replace("\n", "\\n")  # fit to be shown
    assert "\n" not in message.text.rstrip("\n")


def test_no_version_is_a_dash() -> None:
    assert (quoted(None), unquoted("-")) == ("-", None)
