"""Releases and undos read back from commits, also from rebased and squashed ones."""

from __future__ import annotations

import pytest

from meshroll.gitops.git.cache import open_cache
from meshroll.gitops.git.process import Git
from meshroll.gitops.git.trailers import trailers_of
from meshroll.gitops.history.events import Event, newest_known, read_events
from meshroll.gitops.planners import plan_rendered
from meshroll.gitops.plans import Plan, apply_plan
from meshroll.gitops.plans.message import Command, Undo
from meshroll.gitops.plans.model import VersionChange
from meshroll.gitops.plans.scope import Scope
from tests.support.git.repositories import Repository, release

ROOT = "live"


def deliver(
    repository: Repository, *, stack: str = "prod", command: Command = "", undo: Undo | None = None, **versions: str
) -> Plan:
    plan = plan_rendered(repository.remote, ROOT, release(**versions), cache=repository.cache)
    apply_plan(repository.remote, plan, stack=stack, command=command, undo=undo, cache=repository.cache)
    return plan


def events(repository: Repository, *services: str, stack: str = "prod") -> list[Event]:
    return list(read_events(repository.remote, services=services, scope=Scope(stack), cache=repository.cache))


def words(found: list[Event]) -> list[str]:
    return [f"{'undo' if e.is_undo else 'release'} {e.service} {e.old or '-'} {e.new or '-'}" for e in found]


def history(repository: Repository) -> tuple[Plan, str]:
    """v1, v2, and v2 undone."""
    deliver(repository, provider="v1")
    plan = deliver(repository, provider="v2")
    released = repository.head()
    back = Undo((VersionChange("provider", "v2", "v1", ROOT),), (released,), (plan.hash,), "it is slow")
    deliver(repository, undo=back, provider="v1")
    return plan, released


def test_every_event_of_a_service_has_its_author_time_and_reason(repository: Repository) -> None:
    plan, released = history(repository)
    found = events(repository, "provider")
    assert words(found) == ["undo provider v2 v1", "release provider v1 v2", "release provider - v1"]
    undo = found[0]
    assert undo == Event(
        service="provider",
        old="v2",
        new="v1",
        commit=repository.head(),
        parent=released,
        author="Meshroll",
        when=repository.log("%aI")[0],
        stack="prod",
        path=ROOT,
        plan=undo.plan,
        undoes=(released,),
        undone_plans=(plan.hash,),
        reason="it is slow",
    )


def test_other_stacks_and_other_services_are_passed_over(repository: Repository) -> None:
    deliver(repository, provider="v1", consumer="v1")
    deliver(repository, provider="v2", consumer="v1", stack="staging")
    deliver(repository, provider="v2", consumer="v3")
    assert words(events(repository, "provider")) == ["release provider - v1"]
    assert words(events(repository)) == [
        "release consumer v1 v3",
        "release provider - v1",
        "release consumer - v1",
    ]
    assert len(events(repository, stack="")) == 4


def test_no_more_history_is_fetched_than_the_question_needs(repository: Repository) -> None:
    deliver(repository, provider="v1")
    for number in range(40):
        repository.commit(f"elsewhere {number}", write={"README": str(number)})
    deliver(repository, provider="v2")
    fresh = repository.work / "fresh"
    enough = newest_known([("provider", ROOT)])
    prod = Scope("prod")
    found = read_events(repository.remote, services=("provider",), scope=prod, enough=enough, cache=fresh)
    assert words(list(found)) == ["release provider v1 v2"]
    (shallow,) = fresh.glob("*.git/shallow")
    assert shallow.read_text().split() == [repository.head()]
    assert len(read_events(repository.remote, services=("provider",), scope=prod, cache=fresh)) == 2


def test_a_repository_without_any_ref_has_no_history(repository: Repository) -> None:
    assert events(repository, "provider") == []


def test_a_rebased_history_is_the_same_history(repository: Repository) -> None:
    history(repository)
    before = words(events(repository, "provider"))
    ids = repository.log("%H")
    replayed = repository.commit("the new base", write={"README": "x"}, branch="other")
    for commit in reversed(ids):
        message = repository.git("log", "-1", "--format=%B", commit)
        tree = repository.git("rev-parse", f"{commit}^{{tree}}").strip()
        replayed = repository.git("commit-tree", tree, "-p", replayed, "-F", "-", stdin=message.encode()).strip()
    repository.git("update-ref", "refs/heads/main", replayed)
    found = events(repository, "provider")
    assert words(found) == before
    assert found[0].undoes[0] in ids


def squash(repository: Repository, message: str) -> None:
    tree = repository.git("rev-parse", "main^{tree}").strip()
    base = repository.git("rev-list", "--max-parents=0", "main").strip()
    commit = repository.git("commit-tree", tree, "-p", base, "-F", "-", stdin=message.encode()).strip()
    repository.git("update-ref", "refs/heads/main", commit)


def test_a_squash_as_the_hosting_services_write_it_keeps_every_word(repository: Repository) -> None:
    history(repository)
    deliver(repository, provider="v1", consumer="v1")
    bodies = [repository.git("log", "-1", "--format=%B", commit).strip() for commit in reversed(repository.log("%H"))]
    squash(repository, "Deliver things (#7)\n\n" + "\n\n".join(f"* {body}" for body in bodies[1:]))
    assert words(events(repository)) == [
        "undo provider v2 v1",
        "release provider v1 v2",
        "release consumer - v1",
        "release provider - v1",
    ]


def test_a_squash_as_git_writes_it_keeps_every_event_in_order(repository: Repository) -> None:
    history(repository)
    squash(repository, "Squashed commit of the following:\n\n" + repository.git("log", "-2", "--format=medium", "main"))
    assert words(events(repository)) == [
        "undo provider v2 v1",
        "release provider v1 v2",
        "release provider - v1",
    ]


def commands(repository: Repository) -> list[tuple[str | None, str]]:
    return [(event.new, event.command) for event in events(repository, "provider")]


def test_the_command_that_made_each_commit_is_known_also_when_they_are_squashed(repository: Repository) -> None:
    deliver(repository, provider="v1")
    deliver(repository, provider="v2", command="up")
    deliver(repository, provider="v3", command="apply")
    told = [("v3", "apply"), ("v2", "up"), ("v1", "")]
    assert commands(repository) == told
    squash(repository, "Squashed commit of the following:\n\n" + repository.git("log", "-2", "--format=medium", "main"))
    assert commands(repository) == told


@pytest.mark.parametrize(
    ("more", "command"),
    [
        ("Meshroll-Command: up\n", "up"),
        ("Meshroll-Command: apply\n", ""),
        ("Meshroll-Command: up\nMeshroll-Stack: staging\n", ""),
    ],
)
def test_trailers_of_several_commits_in_one_paragraph_name_no_command(
    repository: Repository, more: str, command: str
) -> None:
    head = "Meshroll-Stack: prod\nMeshroll-Command: up\n"
    repository.commit(f"Squashed\n\n{head}Meshroll-Service: provider v1 -> v2 in live\n{more}")
    (event,) = events(repository, "provider", stack="")
    assert (event.new, event.command) == ("v2", command)


def test_a_squash_keeps_its_order_where_one_cluster_could_be_read_either_way(repository: Repository) -> None:
    def word(path: str, old: str, new: str, *more: str) -> str:
        plan = f"Meshroll-Plan: {old}{new}"
        return "\n".join([f"* Word\n\nMeshroll-Service: provider {old} -> {new} in {path}", plan, *more])

    undone = word("east", "v2", "v1", "Meshroll-Undo: 1", "Meshroll-Undo-Plan: v1v2")
    east = [word("east", "v1", "v2"), undone, word("east", "v1", "v2")]
    west = [word("west", "v1", "v2"), word("west", "v2", "v3")]
    repository.commit("Squashed\n\n" + "\n\n".join([*east, *west]))
    found = events(repository)
    assert [(event.new, event.is_undo) for event in found if event.path == "west"] == [("v3", False), ("v2", False)]
    assert [event.is_undo for event in found if event.path == "east"] == [False, True, False]


def test_what_reads_like_a_trailer_in_a_sentence_is_none(repository: Repository) -> None:
    repository.commit("Explain\n\nA line Meshroll-Service: provider v1 -> v2 in a sentence.\n\nMeshroll-Service: odd")
    assert events(repository, stack="") == []


def test_what_a_terminal_would_obey_is_escaped(repository: Repository) -> None:
    repository.commit("x\n\nMeshroll-Service: provider v1 -> v2\x1b[2J\nMeshroll-Reason: \u202ereversed")
    (event,) = events(repository, stack="")
    assert (event.new, event.reason) == ("v2\\x1b[2J", "\\u202ereversed")


def test_many_squashed_releases_cost_few_processes(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(repository, provider="v1")
    body = repository.git("log", "-1", "--format=%B", "main").strip()
    for number in range(20):
        repository.commit(f"Squashed {number}\n\n* {body}\n\n* unrelated\n\n* {body}")
    calls: list[str] = []
    real = Git.run
    monkeypatch.setattr(Git, "run", lambda git, *words, **more: calls.append(words[0]) or real(git, *words, **more))
    assert len(events(repository)) == 41
    assert calls.count("interpret-trailers") == 1


def test_a_part_cannot_end_another_and_odd_texts_have_no_trailers(repository: Repository) -> None:
    with open_cache(repository.remote, repository.cache) as git:
        texts = ["A: b\nMeshroll-Service: x", "just words", "", "Meshroll-End: 0\nB: 1\n  folded", "C: ü"]
        assert list(trailers_of(git, texts)) == [
            "A: b\nMeshroll-Service: x",
            "",
            "",
            "Meshroll-End: 0\nB: 1 folded",
            "C: ü",
        ]
