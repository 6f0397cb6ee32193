"""Plans as values: their hash and their restriction."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshroll.errors import ConflictError
from meshroll.gitops.plans import EARLIER, Edit, Plan, ServiceSettings, VersionChange, joined
from tests.support.git.plans import SCALAR

ONE = Edit("live/provider/rollout.yaml", "", "a" * 40, "b" * 40, "provider", blob="a" * 40)
TWO = Edit("live/consumer/rollout.yaml", "", "", "c" * 40, "consumer")
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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (VersionChange("provider", "v1", "v2"), "provider v1 -> v2"),
        (VersionChange("provider", None, "v2"), "provider - -> v2"),
        (VersionChange("provider", "v2", None), "provider v2 -> -"),
        (VersionChange("provider", "v59", "v59"), "provider v59 changed"),
        (VersionChange("provider", None, None), "provider changed"),
    ],
)
def test_a_change_says_from_what_to_what_or_that_the_version_stays(change: VersionChange, words: str) -> None:
    assert replace(PLAN, changes=(change, change)).summary == words


def test_a_plan_bound_to_edits_keeps_the_changes_they_make() -> None:
    bound = PLAN.bound_to([ONE])
    assert (bound.edits, bound.changes) == ((ONE,), (VersionChange("provider", "v1", "v2"),))


def test_a_service_whose_name_ends_like_anothers_is_not_taken_for_it() -> None:
    plan = replace(PLAN, changes=(VersionChange("vider", "v1", "v2"),))
    assert plan.bound_to([ONE]).changes == ()


def test_the_hash_covers_all_that_is_decided_and_nothing_that_follows_from_it() -> None:
    (edit,) = SCALAR.edits
    same = [
        replace(SCALAR, edits=(replace(edit, line=99, blob="f" * 40, anchor=""),)),
        replace(SCALAR, findings=(), base="e" * 40, diff="", releases={"shop": "1" * 64}),
        replace(SCALAR, settings={**SCALAR.settings, "untouched": (ServiceSettings("x"),)}),
    ]
    assert {plan.hash for plan in same} == {SCALAR.hash}
    others = [
        replace(SCALAR, edits=(replace(edit, pointer="/0/a"),)),
        replace(SCALAR, settings={"provider": (ServiceSettings("clusters/w", ("image",)),)}),
        replace(SCALAR, exact=True),
        replace(SCALAR, stack="other"),
        replace(SCALAR, applications=()),
        replace(SCALAR, timeline=()),
        replace(SCALAR, changes=(VersionChange("provider", "v0", "v2"),)),
        replace(SCALAR, edits=(replace(edit, service="other"),), settings={"other": SCALAR.settings["provider"]}),
        replace(SCALAR, exact=True, edits=(replace(edit, blob="f" * 40),)),
    ]
    assert len({SCALAR.hash, *(plan.hash for plan in others)}) == 10


def test_the_hash_of_an_earlier_version_covers_edits_and_settings() -> None:
    earlier = replace(SCALAR, format=EARLIER)
    same = replace(earlier, changes=(), applications=(), timeline=(), stack="other")
    assert earlier.hash == same.hash != SCALAR.hash


def test_edits_agreed_on_without_service_and_line_are_recognized() -> None:
    (edit,) = SCALAR.edits
    bound = SCALAR.bound_to([Edit(*edit.key)])
    assert bound == SCALAR
    assert bound.hash == SCALAR.hash


def test_the_blob_agreed_on_is_the_one_that_counts() -> None:
    (edit,) = SCALAR.edits
    bound = SCALAR.bound_to([Edit(*edit.key, blob="f" * 40)])
    assert [edit.blob for edit in bound.edits] == ["f" * 40]


def test_a_value_that_moved_is_never_written_where_it_was() -> None:
    (edit,) = SCALAR.edits
    before = Edit(edit.file, "/7/elsewhere", edit.old, edit.new)
    with pytest.raises(ConflictError) as caught:
        SCALAR.bound_to([before])
    assert str(caught.value) == f"{edit.file}: /7/elsewhere is not what is planned now; expected another preview"
    assert replace(SCALAR, edits=(), changes=()).bound_to([before]).edits == ()


def test_the_plans_of_several_folders_are_one() -> None:
    (edit,) = SCALAR.edits
    elsewhere = {"provider": (ServiceSettings("clusters/x", ()),)}
    other = replace(SCALAR, edits=(replace(edit, file="clusters/x/rollout.yaml"),), diff="more\n", settings=elsewhere)
    plan = joined([SCALAR, other])
    assert [edit.file for edit in plan.edits] == ["clusters/w/rollout.yaml", "clusters/x/rollout.yaml"]
    assert (plan.changes, plan.timeline) == (SCALAR.changes, SCALAR.timeline)
    assert plan.diff == SCALAR.diff + "more\n"
    assert plan.settings == {"provider": (*SCALAR.settings["provider"], *elsewhere["provider"])}


def test_a_folder_where_nothing_changes_adds_nothing_to_the_hash() -> None:
    nothing = replace(SCALAR, edits=(), changes=(), diff="", settings={"provider": (ServiceSettings("clusters/x"),)})
    assert joined([SCALAR, nothing]).hash == SCALAR.hash
    assert joined([nothing, SCALAR]).hash == SCALAR.hash


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (6, "a0 - -> v1, a1 - -> v1, a2 - -> v1, a3 - -> v1, a4 - -> v1, a5 - -> v1"),
        (7, "a0 - -> v1, a1 - -> v1, a2 - -> v1, a3 - -> v1, a4 - -> v1 and 2 more"),
    ],
)
def test_a_summary_of_many_changes_tells_the_first_few(count: int, words: str) -> None:
    plan = replace(PLAN, changes=tuple(VersionChange(f"a{number}", None, "v1") for number in range(count)))
    assert plan.summary == words
    assert plan.every_change == ", ".join(f"a{number} - -> v1" for number in range(count))
