"""Several processes releasing at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from meshroll.errors import BadInputError, ConflictError
from meshroll.gitops.git.process import Git, Result
from meshroll.gitops.git.transport import Transport
from meshroll.gitops.planners import plan_rendered
from meshroll.gitops.plans import Applied, apply, apply_plan
from tests.support.checkout import CHECKOUT
from tests.support.git.repositories import Repository, release

PROCESSES = 4
RELEASES = 5

PROGRAM = """
import sys
from pathlib import Path
from meshroll.errors import ConflictError
from meshroll.gitops.git import Remote
from meshroll.gitops.planners import plan_rendered
from meshroll.gitops.plans import apply_plan
from tests.support.git.repositories import release
url, cache, service, versions = sys.argv[1:]
remote = Remote(url, "main")
print("ready", flush=True)
sys.stdin.readline()
for version in versions.split(","):
    for attempt in range(50):
        planned = plan_rendered(remote, "live", release(**{service: version}), cache=Path(cache))
        try:
            apply_plan(remote, planned, stack=service, cache=Path(cache))
            break
        except ConflictError:
            print("conflict", flush=True)
    else:
        sys.exit("gave up")
"""


def start(repository: Repository, cache: Path, service: str, versions: list[str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, repository.remote.url, str(cache), service, ",".join(versions)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.stderr.read() if process.stderr else ""
    return process


def finish(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    return output


@pytest.mark.parametrize("shared", [True, False], ids=["one cache", "a cache each"])
def test_no_release_is_lost_or_made_twice(repository: Repository, shared: bool) -> None:
    processes = []
    for number in range(PROCESSES):
        cache = repository.cache if shared else repository.work / f"cache-{number}"
        processes.append(start(repository, cache, f"service{number}", [f"v{n}" for n in range(RELEASES)]))
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    outputs = [finish(process) for process in processes]

    assert "conflict" not in "".join(outputs)  # each has its own files: whatever happened, it was none
    assert len(repository.log()) == PROCESSES * RELEASES
    assert repository.git("rev-list", "--merges", "main") == ""
    for number in range(PROCESSES):
        made = [line for line in reversed(repository.log()) if f"service{number} " in line]
        steps = [f"Release service{number} v{n - 1} -> v{n}" for n in range(1, RELEASES)]
        assert made == [f"Release service{number} v0", *steps]


def test_releases_of_one_service_follow_each_other(repository: Repository) -> None:
    processes = [
        start(repository, repository.work / f"cache-{n}", "provider", [f"p{n}-{i}" for i in range(RELEASES)])
        for n in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        finish(process)

    lines = list(
        reversed(repository.git("log", "--format=%(trailers:key=Meshroll-Service,valueonly)", "main").split("\n"))
    )
    moves = [line.removeprefix("provider ").removesuffix(" in live").split(" -> ") for line in lines if line]
    assert len(moves) == PROCESSES * RELEASES
    assert [old for old, _ in moves] == ["-", *(new for _, new in moves[:-1])]  # each says what it really replaced


def test_a_branch_that_comes_while_it_is_looked_for_is_taken(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Transport.deepen

    def meanwhile(transport: Transport, depth: int) -> None:
        try:
            real(transport, depth)
        except ConflictError:
            repository.commit(write={"README": "x"})
            raise

    monkeypatch.setattr(Transport, "deepen", meanwhile)
    assert plan_rendered(repository.remote, "live", {}, cache=repository.cache).base == repository.head()


def test_a_server_that_never_moves_the_branch_is_an_error_and_not_asked_for_ever(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "MAX_CONTENDED", 2)
    planned = plan_rendered(repository.remote, "live", release(provider="v1"), cache=repository.cache)
    apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)
    planned = plan_rendered(repository.remote, "live", release(provider="v2"), cache=repository.cache)
    lock = repository.path / "refs" / "heads" / "main.lock"
    lock.touch()
    with pytest.raises(ConflictError, match=r"the server could not move the branch \(.*\)$"):
        apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)
    lock.unlink()
    assert apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache).made


def requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that reach a server from now on."""
    made: list[str] = []
    real = Git.run

    def run(git: Git, *arguments: str, **options: Any) -> Result:
        made.extend(word for word in arguments if word in ("fetch", "push", "ls-remote"))
        return real(git, *arguments, **options)

    monkeypatch.setattr(Git, "run", run)
    return made


def test_a_plan_that_nobody_came_between_is_applied_in_one_round_trip(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit()
    planned = plan_rendered(repository.remote, "live", release(provider="v1"), cache=repository.cache)
    made = requests(monkeypatch)
    applied = apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)
    assert applied == Applied(repository.head(), made=True)
    assert made == ["push"]


def test_a_commit_that_came_between_is_built_on_at_once(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit()
    planned = plan_rendered(repository.remote, "live", release(provider="v1"), cache=repository.cache)
    between = repository.commit(write={"README": "y"})
    made = requests(monkeypatch)
    applied = apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)
    assert (applied.commit, applied.made) == (repository.head(), True)
    assert repository.git("rev-parse", "main^").strip() == between
    assert made == ["push", "fetch", "push"]  # refused without asking more, then built on what came


def test_the_guard_judges_each_head_that_a_push_names_and_the_newest_counts(repository: Repository) -> None:
    base = repository.commit()
    planned = plan_rendered(repository.remote, "live", release(provider="v1"), cache=repository.cache)
    seen: list[str] = []

    def guard(transport: Transport) -> None:
        seen.append(transport.known_head())
        if seen[-1] == base:
            raise BadInputError("held")

    between = repository.commit(write={"README": "y"})
    apply_plan(repository.remote, planned, stack="sandbox", guard=guard, cache=repository.cache)
    assert seen == [base, between]
    assert repository.git("rev-parse", "main^").strip() == between


def test_a_guard_that_refuses_the_newest_head_leaves_the_branch(repository: Repository) -> None:
    base = repository.commit()
    planned = plan_rendered(repository.remote, "live", release(provider="v1"), cache=repository.cache)

    def guard(transport: Transport) -> None:
        if transport.known_head() != base:
            raise BadInputError("held")

    between = repository.commit(write={"README": "y"})
    with pytest.raises(BadInputError, match=r"^held$"):
        apply_plan(repository.remote, planned, stack="sandbox", guard=guard, cache=repository.cache)
    assert repository.head() == between


def test_nothing_to_do_is_what_the_newest_head_says(repository: Repository) -> None:
    repository.commit()
    planned = plan_rendered(repository.remote, "live", release(provider="v1"), cache=repository.cache)
    text = release(provider="v1")["provider"]["rollout.yaml"]
    there = repository.commit(write={"live/provider/rollout.yaml": text})
    applied = apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)
    assert applied == Applied(there, made=False)
