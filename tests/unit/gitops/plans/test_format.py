"""The plan for people: all of its text, colours only when asked for, nothing that a terminal would obey."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from meshroll.gitops.plans import Canary, Edit, Finding, Move, VersionChange
from meshroll.gitops.plans.format import as_markdown, as_text
from tests.support.git.plans import CANARY, SCALAR, WHOLE

TEXT = f"""\
Plan of stack prod for https://git.example/rollouts.git main, base dddddddddddd

provider: v1 -> v2
  ~ clusters/w/rollout.yaml:12 /0/spec/template/metadata/labels/version: v1 -> v2

--- a/x
+++ b/x
@@ -12 +12 @@
-        version: v1
+        version: v2

wave 1: Application shop-w (cluster w)
canary of provider: 5% for 10m, lane: new and 5% of the rest until promoted, then 100% (at least 10m), 1 manual gate

Findings
  ! provider: clusters/w/rollout.yaml:12: the image stays img:1

hash {SCALAR.hash}
"""


def test_the_whole_text() -> None:
    assert as_text(SCALAR) == TEXT


def test_colours_add_nothing_but_colours() -> None:
    painted = as_text(SCALAR, color=True)
    assert "\x1b[31m-        version: v1\x1b[0m" in painted
    assert re.sub("\x1b\\[[0-9;]*m", "", painted) == TEXT


def test_each_place_is_named_where_they_come_from_several_versions() -> None:
    moves = (("v1", "clusters/east"), ("v0", "clusters/host"), ("v1", "clusters/west"))
    several = replace(SCALAR, changes=tuple(VersionChange("provider", old, "v2", path) for old, path in moves))
    assert as_text(several).splitlines()[2:4] == [
        "provider: v1 -> v2 in clusters/east, clusters/west",
        "provider: v0 -> v2 in clusters/host",
    ]


def test_a_version_that_stays_is_not_shown_as_a_move() -> None:
    stays = (VersionChange("provider", "v59", "v59"), VersionChange("client", None, None))
    edits = (Edit("f.yaml", "/0/version", "1.10", "1.10", "provider", 3),)
    changed = replace(SCALAR, changes=stays, edits=edits)
    assert as_text(changed).splitlines()[2:6] == [
        "provider: v59 stays, its parameters or fields change",
        "  ~ f.yaml:3 /0/version: 1.10, quoted",
        "",
        "client: its parameters or fields change",
    ]
    assert as_markdown(changed).splitlines()[0] == (
        "### Release plan: `provider: v59 stays, its parameters or fields change`, "
        "`client: its parameters or fields change`"
    )


def test_a_place_where_the_version_stays_is_shown_beside_those_where_it_moves() -> None:
    changes = (
        VersionChange("provider", "v1", "v2", "clusters/east"),
        VersionChange("provider", "v2", "v2", "clusters/west"),
    )
    assert as_text(replace(SCALAR, changes=changes)).splitlines()[2:4] == [
        "provider: v1 -> v2 in clusters/east",
        "provider: v2 stays, its parameters or fields change in clusters/west",
    ]


def test_a_finding_cannot_begin_a_line_of_ours() -> None:
    forged = replace(SCALAR, findings=(Finding("lint", "x\nhash 0000", "provider"),))
    assert "  ! provider: x\\nhash 0000" in as_text(forged).splitlines()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x0b", "\x85"])
def test_nothing_of_a_plan_can_begin_a_line_of_ours(end: str) -> None:
    forged = f"v9{end}hash 0000"
    hostile = replace(
        SCALAR,
        url=forged,
        branch=forged,
        edits=(Edit(forged, forged, forged, "v2", "provider"), Edit(forged, "", "", "v2", "provider")),
        changes=(VersionChange("provider", forged, forged, forged),),
        applications=(Move(forged, forged, 1),),
        timeline=(Canary(forged, CANARY.with_note(forged)),),
        stack=forged,
    )
    lines = as_text(hostile, verbose=True).splitlines()
    assert [line for line in lines if line.startswith("hash")] == [f"hash {hostile.hash}"]
    assert len(lines) == len(as_text(SCALAR).splitlines()) + 1


def test_nothing_to_do_says_so() -> None:
    nothing = replace(SCALAR, edits=(), changes=(), diff="", findings=(), applications=(), timeline=())
    assert as_text(nothing) == (
        "Plan of stack prod for https://git.example/rollouts.git main, base dddddddddddd\n"
        f"Nothing to do: Git holds the versions already.\n\nhash {nothing.hash}\n"
    )


def test_where_no_canary_will_run_the_plan_says_so_and_why() -> None:
    why = (Canary("provider", CANARY.without_canary("it is the first release")),)
    assert as_text(replace(SCALAR, timeline=why)).splitlines()[12] == "no canary of provider: it is the first release"
    assert (
        "- `no canary of provider: it is the first release`" in as_markdown(replace(SCALAR, timeline=why)).splitlines()
    )


def test_what_a_canary_depends_on_ends_its_line_and_begins_none() -> None:
    note = (Canary("provider", CANARY.with_note("no steps where\nit goes back")),)
    assert as_text(replace(SCALAR, timeline=note)).splitlines()[12] == (
        "canary of provider: 5% for 10m, lane: new and 5% of the rest until promoted, then 100% (at least 10m), "
        "1 manual gate; no steps where\\nit goes back"
    )


def test_whole_files_are_marked_as_created_replaced_and_removed() -> None:
    assert as_text(WHOLE).splitlines()[2:6] == [
        "a: - -> v1",
        "  + live/a/one.yaml",
        "  ~ live/a/two.yaml",
        "  - live/a/zero.yaml",
    ]


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    hostile = replace(SCALAR, edits=(Edit("a\x1b[2J", "/0/a", "x\u202e", "y", "provider"),))
    assert "  ~ a\\x1b[2J:0 /0/a: x\\u202e -> y" in as_text(hostile)


def test_the_whole_markdown() -> None:
    assert (
        as_markdown(SCALAR)
        == f"""\
### Release plan: `provider: v1 -> v2`

`https://git.example/rollouts.git main`, base `dddddddddddd`, hash `{SCALAR.hash}`

- `clusters/w/rollout.yaml:12` `/0/spec/template/metadata/labels/version`: `v1` → `v2`

```diff
{SCALAR.diff}```

- `wave 1: Application shop-w (cluster w)`
- `canary of provider: 5% for 10m, lane: new and 5% of the rest until promoted, then 100% (at least 10m), 1 manual gate`

**Findings**

- `provider: clusters/w/rollout.yaml:12: the image stays img:1`
"""
    )


def test_a_review_cannot_be_led_astray_by_backticks_pipes_and_brackets() -> None:
    hostile = replace(
        SCALAR,
        edits=(Edit("a`|b", "/0/a", "", "y", "provider"),),
        diff="+```\n+<b>\n",
        changes=(VersionChange("`x", None, "v1"),),
    )
    lines = as_markdown(hostile).splitlines()
    assert lines[0] == "### Release plan: `` `x: - -> v1 ``"
    assert lines[4] == "- ``a`|b`` `/0/a`: `-` → `y`"
    assert lines[6:10] == ["````diff", "+```", "+<b>", "````"]


def test_of_many_services_the_first_few_are_shown_and_all_when_asked() -> None:
    names = [f"service-{number:02d}" for number in range(21)]
    many = replace(
        SCALAR,
        changes=tuple(VersionChange(name, "v1", "v2", "live") for name in names),
        edits=tuple(Edit(f"live/{name}.yaml", "/0/version", "v1", "v2", name, 3) for name in names),
        timeline=tuple(replace(SCALAR.timeline[0], service=name) for name in names),
        findings=tuple(Finding("lint", "odd", name) for name in names),
    )
    assert as_text(many, more="`--verbose` shows all of them").splitlines()[1:] == [
        "",
        "21 services change, in 21 files",
        *(f"  {name}: v1 -> v2" for name in names[:5]),
        "  … 16 more; `--verbose` shows all of them",
        "",
        "wave 1: Application shop-w (cluster w)",
        *(
            f"canary of {name}: 5% for 10m, lane: new and 5% of the rest until promoted, then 100% (at least 10m), "
            "1 manual gate"
            for name in names[:5]
        ),
        "… 16 more",
        "",
        "Findings",
        *(f"  ! {name}: odd" for name in names[:5]),
        "  ! … 16 more",
        "",
        f"hash {many.hash}",
    ]
    whole = as_text(many, verbose=True)
    assert all(f"  ~ live/{name}.yaml:3 /0/version: v1 -> v2" in whole for name in names)
    assert all(f"canary of {name}: " in whole and f"  ! {name}: odd" in whole for name in names)
    assert SCALAR.diff in whole
    twenty = replace(many, changes=many.changes[:20], edits=many.edits[:20], timeline=(), findings=())
    assert as_text(twenty) == as_text(twenty, verbose=True)
