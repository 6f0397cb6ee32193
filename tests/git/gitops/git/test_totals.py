"""Repositories that hold too much in all, though no file of theirs does: one sentence, and nothing kept of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from meshroll.errors import ExitCode, LimitError
from meshroll.gitops.git import budget
from meshroll.gitops.history.events import read_events
from meshroll.gitops.planners.adopted import DesiredVersion, plan
from meshroll.gitops.plans import Plan
from tests.support.git.repositories import Repository

FILE = "shop/rollout.yaml"
ROLLOUT = "kind: Rollout\nmetadata: {name: shop}\nspec: {template: {metadata: {labels: {version: v1}}}}\n"
LONG = 11 << 20
IN_300_MB = """
import resource, sys
from pathlib import Path
from meshroll.gitops.git import Remote
from meshroll.gitops.planners.adopted import DesiredVersion, plan
pages = int(Path("/proc/self/statm").read_text().split()[0])
most = pages * resource.getpagesize() + (300 << 20)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
url, branch, cache = sys.argv[1:]
print(plan(Remote(url, branch), "shop", [DesiredVersion("shop", "v2")], cache=Path(cache)).edits[0].new)
"""


def planned(repository: Repository) -> Plan:
    return plan(repository.remote, "shop", [DesiredVersion("shop", "v2")], cache=repository.cache)


def refused(repository: Repository) -> str:
    with pytest.raises(LimitError) as caught:
        planned(repository)
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    return str(caught.value)


def test_one_file_under_eight_names_is_parsed_once(repository: Repository) -> None:
    long = "".join(f"key{number}: value of shop\n" for number in range(140_000))
    repository.commit(write={FILE: ROLLOUT} | {f"shop/{number}.yaml": long for number in range(8)})
    done = subprocess.run(
        [sys.executable, "-c", IN_300_MB, repository.remote.url, repository.remote.branch, str(repository.cache)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.stdout, done.stderr[-300:]) == ("v2\n", "")


@pytest.mark.parametrize(("counted", "most"), [("bytes", 1000), ("objects", 3), ("names in folders", 5)])
def test_all_that_is_read_is_counted(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, counted: budget.Counted, most: int
) -> None:
    repository.commit(write={FILE: ROLLOUT} | {f"shop/{number}.yaml": f"# shop {number}\n" * 50 for number in range(9)})
    assert planned(repository).edits
    monkeypatch.setitem(budget.LIMITS, counted, most)
    assert refused(repository) == (
        f"{repository.remote.where}: more than {most} {counted} would be read; "
        "expected narrower paths, or fewer services at a time"
    )


@pytest.mark.parametrize("content", ["name: shop\nvalues: [1, 2, 3]\n", "shop: {{ values }}\n" * 9])
def test_the_values_of_different_files_are_counted_also_where_they_are_refused(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    repository.commit(write={FILE: ROLLOUT} | {f"shop/{number}.yaml": f"# {number}\n{content}" for number in range(9)})
    assert planned(repository).edits
    monkeypatch.setitem(budget.LIMITS, "values in files", 40)
    assert refused(repository).startswith(f"{repository.remote.where}: more than 40 values in files would be read")


def test_folders_within_one_another_are_followed_a_hundred_levels(repository: Repository) -> None:
    repository.commit(write={FILE: ROLLOUT, f"shop/{'d/' * 99}other.yaml": ROLLOUT.replace("shop", "other")})
    assert planned(repository).edits
    repository.commit(write={f"shop/{'d/' * 100}other.yaml": ROLLOUT.replace("shop", "other")})
    with pytest.raises(Exception, match="levels") as caught:
        planned(repository)
    assert str(caught.value) == "shop: folders lie more than 100 levels deep; expected a service's own folder"


def test_a_commit_with_a_message_of_any_length_is_not_kept(repository: Repository) -> None:
    commit = repository.commit(write={FILE: ROLLOUT}, message="a line\n" * (LONG // 7))
    sentence = refused(repository)
    assert sentence.startswith(f"{repository.remote.where}: the commit {commit[:12]} has 1153")
    assert sentence.endswith(" bytes; expected at most 10485760")


def test_nor_is_one_of_the_past(repository: Repository) -> None:
    repository.commit(write={"README": "x"}, message="a line\n" * (LONG // 7))
    repository.commit(write={FILE: ROLLOUT})
    with pytest.raises(LimitError) as caught:
        read_events(repository.remote, cache=repository.cache)
    assert str(caught.value).startswith(f"{repository.remote.where}: what git log says of a commit has 1")
    assert planned(repository).edits
