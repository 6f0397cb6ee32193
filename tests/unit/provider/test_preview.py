"""What a preview prints of a plan: the diff, or of many services how many there are and the first of it."""

from __future__ import annotations

from meshroll.gitops.plans import Edit, Plan, VersionChange
from meshroll.provider.preview import LINES, MANY, preview_text


def diff_of(service: str, lines: int = 1) -> str:
    added = "".join(f"+line {number}\n" for number in range(lines))
    file = f"{service}.yaml"
    return f"diff --git a/{file} b/{file}\n--- a/{file}\n+++ b/{file}\n@@ -0,0 +1 @@\n{added}"


def plan(services: int, *, lines: int = 1, stack: str = "prod") -> Plan:
    names = [f"s{number:03d}" for number in range(services)]
    return Plan(
        url="file:///r.git",
        branch="main",
        base="c0ffee",
        edits=tuple(Edit(f"{name}.yaml", "", "", "b10b", service=name) for name in names),
        changes=tuple(VersionChange(name, "v1", "v2") for name in names),
        diff="".join(diff_of(name, lines) for name in names),
        stack=stack,
    )


def test_the_diff_of_some_services_is_shown_whole() -> None:
    some = plan(MANY, lines=LINES)
    assert preview_text(some) == some.diff


def test_a_plan_that_changes_nothing_is_not_shown() -> None:
    assert preview_text(plan(0)) == ""


def test_of_many_services_the_first_files_are_shown_and_the_rest_is_counted() -> None:
    shown = LINES // diff_of("s000").count("\n")
    assert preview_text(plan(1000)) == (
        "1000 services change, in 1000 files: s000 v1 -> v2, s001 v1 -> v2, s002 v1 -> v2, s003 v1 -> v2, "
        "s004 v1 -> v2 and 995 more\n"
        + "".join(diff_of(f"s{number:03d}") for number in range(shown))
        + f"… {1000 - shown} more files; `meshroll plan -s prod --verbose` shows all of them\n"
    )


def test_a_file_is_shown_whole_or_not_at_all_and_the_first_one_always() -> None:
    text = preview_text(plan(MANY + 1, lines=LINES, stack=""))
    assert text.split("\n", 1)[1] == (
        diff_of("s000", LINES) + f"… {MANY} more files; `meshroll plan --verbose` shows all of them\n"
    )


def test_many_services_with_few_lines_have_no_rest() -> None:
    assert "more files" not in preview_text(plan(MANY + 1))
