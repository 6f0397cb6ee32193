"""Undoing releases value by value on a real repository."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError, ConflictError
from meshroll.gitops import Applied, Wish, apply_plan, plan_adopted, plan_rendered
from meshroll.gitops.rollback import Rollback, locator, plan_rollback
from meshroll.gitops.scope import Scope
from meshroll.manifests.templates import MARKER
from meshroll.settings.fields import parse_field
from tests.git.repositories import Repository, release, rollout

ROOT = "live"
FILE = f"{ROOT}/provider/rollout.yaml"
SHOP = "clusters/east/shop.yaml"
FIELDS = (parse_field("label:version"), parse_field("image"))


def deliver(repository: Repository, **versions: str) -> Applied:
    plan = plan_rendered(repository.remote, ROOT, release(**versions), cache=repository.cache)
    return apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)


def planned(
    repository: Repository, service: str = "provider", to: str = "", *, over_newer: bool = False, reason: str = ""
) -> Rollback:
    return plan_rollback(
        repository.remote,
        service,
        locator(service, adopted=False),
        scope=Scope("prod"),
        to=to,
        over_newer=over_newer,
        reason=reason,
        cache=repository.cache,
    )


def undo(repository: Repository, rollback: Rollback) -> Applied:
    return apply_plan(repository.remote, rollback.plan, stack="prod", undo=rollback.undo, cache=repository.cache)


def trailers(repository: Repository) -> list[str]:
    return repository.git("log", "-1", "--format=%(trailers:only,unfold)", "main").strip().splitlines()


def test_the_newest_release_is_returned_by_a_commit_that_names_it(repository: Repository) -> None:
    deliver(repository, provider="v1", consumer="v1")
    released = deliver(repository, provider="v2", consumer="v1").commit
    plan_of_release = trailers(repository)[-1].removeprefix("Meshroll-Plan: ")
    rollback = planned(repository, reason="it is slow")
    assert "-        version: v2\n+        version: v1\n" in rollback.plan.diff
    assert repository.head() == released

    assert undo(repository, rollback).made
    assert repository.read(FILE) == rollout("provider", "v1")
    assert repository.log()[0] == "Undo provider v2 -> v1"
    assert trailers(repository) == [
        "Meshroll-Stack: prod",
        "Meshroll-Service: provider v2 -> v1 in live",
        f"Meshroll-Plan: {rollback.plan.hash}",
        f"Meshroll-Undo: {released}",
        f"Meshroll-Undo-Plan: {plan_of_release}",
        "Meshroll-Reason: it is slow",
    ]


def test_undoing_again_is_nothing_to_do(repository: Repository) -> None:
    deliver(repository, provider="v1")
    deliver(repository, provider="v2")
    done = undo(repository, planned(repository)).commit
    again = planned(repository)
    assert again.plan.edits == ()
    assert again.note.startswith(f"provider: nothing to do: v2 was undone by Meshroll in {done[:12]} at 20")


def test_other_services_of_the_same_commit_stay(repository: Repository) -> None:
    deliver(repository, provider="v1", consumer="v1")
    deliver(repository, provider="v2", consumer="v2")
    undo(repository, planned(repository))
    assert repository.read(FILE) == rollout("provider", "v1")
    assert repository.read(f"{ROOT}/consumer/rollout.yaml") == rollout("consumer", "v2")


def test_other_edits_of_the_same_file_stay(repository: Repository) -> None:
    deliver(repository, provider="v1")
    deliver(repository, provider="v2")
    repository.commit("scale", write={FILE: rollout("provider", "v2") + "  replicas: 7 # by Ada\n"})
    undo(repository, planned(repository))
    assert repository.read(FILE) == rollout("provider", "v1") + "  replicas: 7 # by Ada\n"


def test_a_value_that_somebody_changed_since_is_a_conflict_with_a_name(repository: Repository) -> None:
    deliver(repository, provider="v1")
    deliver(repository, provider="v2")
    theirs = repository.commit("hotfix", write={FILE: rollout("provider", "v9")})
    repository.commit("scale", write={FILE: rollout("provider", "v9") + "  replicas: 7\n"})
    with pytest.raises(ConflictError) as caught:
        planned(repository)
    assert str(caught.value) == (
        f"{FILE} /Rollout ~1provider/spec/template/metadata/labels/version: "
        f"it is not as the release of provider left it: changed by Ada in {theirs[:12]} (hotfix); "
        "expected --over-newer to return it all the same"
    )
    undo(repository, planned(repository, over_newer=True))
    assert repository.read(FILE) == rollout("provider", "v1") + "  replicas: 7\n"


def test_files_that_a_release_made_go_and_those_it_removed_come_back(repository: Repository) -> None:
    gateway = f"{MARKER}weight: edit the stack, not this file.\nkind: Gateway\n"
    deliver(repository, provider="v1")
    repository.commit(write={f"{ROOT}/provider/old.yaml": gateway})
    files = {"provider": {**release(provider="v2")["provider"], "new.yaml": gateway}}
    plan = plan_rendered(repository.remote, ROOT, files, cache=repository.cache)
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    assert repository.files() == [f"{ROOT}/provider/new.yaml", FILE]
    undo(repository, planned(repository))
    assert repository.files() == [f"{ROOT}/provider/old.yaml", FILE]
    assert repository.read(f"{ROOT}/provider/old.yaml") == gateway


def test_back_over_newer_releases_only_when_told_to(repository: Repository) -> None:
    for version in ("v1", "v2", "v3"):
        deliver(repository, provider=version)
    with pytest.raises(BadInputError, match="provider: a newer release, v2 -> v3 by Meshroll in"):
        planned(repository, to="v1")
    newest, older = repository.log("%H")[:2]
    rollback = planned(repository, to="v1", over_newer=True)
    undo(repository, rollback)
    assert repository.read(FILE) == rollout("provider", "v1")
    assert rollback.undo.commits == (newest, older)
    assert [line for line in trailers(repository) if "Service" in line] == [
        "Meshroll-Service: provider v3 -> v2 in live",
        "Meshroll-Service: provider v2 -> v1 in live",
    ]


def test_back_to_a_commit(repository: Repository) -> None:
    commits = [deliver(repository, provider=version).commit for version in ("v1", "v2", "v3")]
    undo(repository, planned(repository, to=commits[1][:10]))
    assert repository.read(FILE) == rollout("provider", "v2")
    undo(repository, planned(repository, to=commits[0]))
    assert repository.read(FILE) == rollout("provider", "v1")


def test_back_to_what_an_undo_left(repository: Repository) -> None:
    for version in ("v1", "v2"):
        deliver(repository, provider=version)
    undone = undo(repository, planned(repository)).commit
    deliver(repository, provider="v3")
    undo(repository, planned(repository, to=undone))
    assert repository.read(FILE) == rollout("provider", "v1")


def test_what_an_undo_took_back_stands_again_when_the_undo_was_taken_back_by_hand(repository: Repository) -> None:
    for version in ("v1", "v2"):
        deliver(repository, provider=version)
    undo(repository, planned(repository))
    repository.commit("Revert the undo", write={FILE: rollout("provider", "v2")})
    undo(repository, planned(repository))
    assert repository.read(FILE) == rollout("provider", "v1")
    assert planned(repository).note.startswith("provider: nothing to do: v2 was undone")


def test_a_file_that_went_away_is_not_taken_for_one_that_is_back(repository: Repository) -> None:
    repository.commit(write={SHOP: manifest("v1")})
    plan = plan_adopted(repository.remote, "clusters/east", [Wish("shop", "v2", FIELDS)], cache=repository.cache)
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    repository.commit("rename", write={SHOP.replace("shop", "store"): repository.read(SHOP)}, remove=(SHOP,))
    located = locator("shop", adopted=True)
    for over_newer in (False, True):
        with pytest.raises(ConflictError, match="what the release of shop changed is not there any more; expected it"):
            plan_rollback(
                repository.remote, "shop", located, scope=Scope("prod"), over_newer=over_newer, cache=repository.cache
            )


def test_a_release_is_undone_at_the_fields_it_named(repository: Repository) -> None:
    repository.commit(write={SHOP: manifest("v1")})
    plan = plan_adopted(repository.remote, "clusters/east", [Wish("shop", "v2", FIELDS)], cache=repository.cache)
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    assert [line for line in trailers(repository) if "Field" in line] == [
        "Meshroll-Field: shop image",
        "Meshroll-Field: shop label:version",
    ]
    located = locator("shop", adopted=True)
    undo(repository, plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache))
    assert repository.read(SHOP) == manifest("v1")


def test_an_empty_value_comes_back_and_is_no_version(repository: Repository) -> None:
    repository.commit(write={"chart/values.yaml": 'image:\n  tag: ""  # filled by releases\n'})
    wish = Wish("api", "1.17.0", (parse_field("helm:values.yaml#image.tag"),))
    plan = plan_adopted(repository.remote, "chart", [wish], cache=repository.cache)
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    located = locator("api", adopted=True)
    back = plan_rollback(repository.remote, "api", located, scope=Scope("prod"), to="-", cache=repository.cache)
    undo(repository, back)
    assert repository.read("chart/values.yaml") == 'image:\n  tag: ""  # filled by releases\n'


def test_the_way_back_is_a_canary_too(repository: Repository) -> None:
    steps = "  strategy: {canary: {steps: [{setWeight: 5}, {pause: {duration: 10m}}]}}\n"
    repository.commit(write={SHOP: manifest("v1").replace("spec:\n", f"spec:\n{steps}", 1)})
    plan = plan_adopted(repository.remote, "clusters/east", [Wish("shop", "v2")], cache=repository.cache)
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    located = locator("shop", adopted=True)
    back = plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache)
    assert [str(canary.timeline) for canary in back.plan.timeline] == ["5% for 10m, then 100% (at least 10m)"]


def test_a_first_release_is_undone_to_nothing_only_when_that_is_said(repository: Repository) -> None:
    repository.commit(write={"README": "x"})
    first = deliver(repository, provider="v1").commit
    repository.commit(write={FILE: rollout("provider", "v1") + "  replicas: 7\n"})
    with pytest.raises(BadInputError) as caught:
        planned(repository, over_newer=True)
    assert str(caught.value) == (
        f"provider: v1 by Meshroll in {first[:12]} is its first release, and undoing it removes {FILE}; "
        "expected --to -, if that is meant"
    )
    undo(repository, planned(repository, to="-", over_newer=True))
    assert repository.files() == ["README"]


def test_the_very_first_commit_is_undone_too(repository: Repository) -> None:
    deliver(repository, provider="v1")
    undo(repository, planned(repository, to="-"))
    assert repository.files() == []


def test_a_squashed_release_is_known_by_its_trailers_and_undone_by_its_values(repository: Repository) -> None:
    base = deliver(repository, provider="v1").commit
    deliver(repository, provider="v2")
    repository.commit("unrelated", write={"README": "mine"})
    body = repository.git("log", "-1", "--format=%B", "main^")
    tree = repository.git("rev-parse", "main^{tree}").strip()
    message = f"Squashed (#1)\n\n* {body}\n\n* unrelated\n".encode()
    repository.git(
        "update-ref", "refs/heads/main", repository.git("commit-tree", tree, "-p", base, stdin=message).strip()
    )
    undo(repository, planned(repository))
    assert repository.read(FILE) == rollout("provider", "v1")
    assert repository.read("README") == "mine"


def test_a_deep_history_is_fetched_only_for_the_undo(repository: Repository) -> None:
    deliver(repository, provider="v1")
    deliver(repository, provider="v2")
    for number in range(40):
        repository.commit(f"elsewhere {number}", write={"README": str(number)})
    fresh = repository.work / "fresh"
    located = locator("provider", adopted=False)
    rollback = plan_rollback(repository.remote, "provider", located, scope=Scope("prod"), cache=fresh)
    apply_plan(repository.remote, rollback.plan, stack="prod", undo=rollback.undo, cache=fresh)
    assert repository.read(FILE) == rollout("provider", "v1")


def manifest(version: str, tail: str = "") -> str:
    return (
        "# by hand\nkind: Rollout\nmetadata: {name: shop}\nspec:\n  template:\n    metadata:\n      labels:\n"
        f"        version: {version} # what runs\n    spec:\n      containers:\n"
        f"      - {{name: main, image: 'team/shop:{version}'}}\n{tail}"
    )


def test_in_files_that_people_wrote_only_the_fields_return(repository: Repository) -> None:
    stock = manifest("v1").replace("shop", "stock")
    repository.commit(write={SHOP: manifest("v1") + "---\n" + stock})
    wishes = [Wish("shop", "v2", FIELDS), Wish("stock", "v2", FIELDS)]
    plan = plan_adopted(repository.remote, SHOP, wishes, cache=repository.cache)
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    head = "# a document that somebody put before\nkind: ConfigMap\n---\n"
    moved = head + manifest("v2", "  replicas: 3\n") + "---\n" + stock.replace("v1", "v2")
    repository.commit("move", write={SHOP: moved})

    located = locator("shop", adopted=True)
    rollback = plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache)
    assert [(edit.pointer, edit.old, edit.new) for edit in rollback.plan.edits] == [
        ("/1/spec/template/metadata/labels/version", "v2", "v1"),
        ("/1/spec/template/spec/containers/0/image", "team/shop:v2", "team/shop:v1"),
    ]
    undo(repository, rollback)
    assert repository.read(SHOP) == head + manifest("v1", "  replicas: 3\n") + "---\n" + stock.replace("v1", "v2")


def test_a_rollback_planned_before_others_pushed_is_made_on_what_they_pushed(repository: Repository) -> None:
    deliver(repository, provider="v1")
    deliver(repository, provider="v2")
    rollback = planned(repository)
    repository.commit("elsewhere", write={"README": "x"})
    undo(repository, rollback)
    assert (repository.read(FILE), repository.read("README")) == (rollout("provider", "v1"), "x")


def test_clusters_that_came_from_several_versions_each_return_to_their_own(repository: Repository) -> None:
    west = SHOP.replace("east", "west")
    repository.commit(write={SHOP: manifest("v1"), west: manifest("v0")})
    path = "clusters/{cluster}"
    plan = plan_adopted(repository.remote, path, [Wish("shop", "v2", FIELDS)], cache=repository.cache)
    assert plan.summary == "shop v1 -> v2, shop v0 -> v2"
    released = apply_plan(repository.remote, plan, stack="prod", cache=repository.cache).commit
    assert [line for line in trailers(repository) if "Service" in line] == [
        "Meshroll-Service: shop v1 -> v2 in clusters/east",
        "Meshroll-Service: shop v0 -> v2 in clusters/west",
    ]

    located = locator("shop", adopted=True)
    rollback = plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache)
    undo(repository, rollback)
    assert (repository.read(SHOP), repository.read(west)) == (manifest("v1"), manifest("v0"))
    assert [line for line in trailers(repository) if "Service" in line or "Undo:" in line] == [
        "Meshroll-Service: shop v2 -> v1 in clusters/east",
        "Meshroll-Service: shop v2 -> v0 in clusters/west",
        f"Meshroll-Undo: {released}",
    ]
    again = plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache)
    assert again.note.startswith("shop: nothing to do: v2 was undone by Meshroll")


def test_a_squash_of_several_releases_is_undone_whole_or_not_at_all(repository: Repository) -> None:
    base = deliver(repository, provider="v1").commit
    for version in ("v2", "v3"):
        deliver(repository, provider=version)
    bodies = [repository.git("log", "-1", "--format=%B", commit).strip() for commit in ("main^", "main")]
    tree = repository.git("rev-parse", "main^{tree}").strip()
    message = ("Squashed (#2)\n\n" + "\n\n".join(f"* {body}" for body in bodies)).encode()
    squash = repository.git("commit-tree", tree, "-p", base, stdin=message).strip()
    repository.git("update-ref", "refs/heads/main", squash)
    with pytest.raises(BadInputError) as caught:
        planned(repository)
    assert str(caught.value) == (
        f"commit {squash[:12]}: it holds several releases of provider: v2 -> v3, v1 -> v2; "
        "expected --to v1 --over-newer, which undoes all of them"
    )
    undo(repository, planned(repository, to="v1", over_newer=True))
    assert repository.read(FILE) == rollout("provider", "v1")


def chart(version: str) -> str:
    return f"image:\n  tag: {version}\n"


def test_each_release_is_undone_at_its_own_fields(repository: Repository) -> None:
    values = "clusters/east/values.yaml"
    repository.commit(write={SHOP: manifest("v1")})

    def released(version: str, *fields: str) -> None:
        wish = Wish("shop", version, tuple(parse_field(field) for field in fields))
        plan = plan_adopted(repository.remote, "clusters/east", [wish], cache=repository.cache)
        apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)

    released("v2")
    repository.commit("a chart", write={values: chart("v2")})
    released("v3", "label:version", "helm:values.yaml#image.tag")
    back = plan_rollback(
        repository.remote,
        "shop",
        locator("shop", adopted=True),
        scope=Scope("prod"),
        to="v1",
        over_newer=True,
        cache=repository.cache,
    )
    undo(repository, back)
    assert repository.read(SHOP) == manifest("v1")
    assert repository.read(values) == chart("v2")  # as the chart's author left it


def test_what_stands_beside_a_releases_place_in_its_commit_stays(repository: Repository) -> None:
    west = SHOP.replace("east", "west")
    repository.commit(write={SHOP: manifest("v1"), west: manifest("v1")})
    repository.commit(
        "Squashed\n\n* Release\n\nMeshroll-Stack: prod\nMeshroll-Service: shop v1 -> v2 in clusters/east\n"
        "Meshroll-Field: shop label:version\nMeshroll-Field: shop image",
        write={SHOP: manifest("v2"), west: manifest("v9")},
    )
    located = locator("shop", adopted=True)
    scope = Scope("prod", ("clusters/east", "clusters/west"))
    undo(repository, plan_rollback(repository.remote, "shop", located, scope=scope, cache=repository.cache))
    assert (repository.read(SHOP), repository.read(west)) == (manifest("v1"), manifest("v9"))


def test_a_pattern_with_an_equals_sign_is_undone_too(repository: Repository) -> None:
    text = "kind: Rollout\nmetadata: {name: shop}\nspec: {args: ['--version=v1']}\n"
    repository.commit(write={SHOP: text})
    field = "path:shop.yaml#0/spec/args/0=--version={version}"
    plan = plan_adopted(
        repository.remote, "clusters/east", [Wish("shop", "v2", (parse_field(field),))], cache=repository.cache
    )
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    assert f"Meshroll-Field: shop {field}" in trailers(repository)
    located = locator("shop", adopted=True)
    undo(repository, plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache))
    assert repository.read(SHOP) == text


def test_a_trailer_that_names_no_field_is_told_with_its_commit(repository: Repository) -> None:
    repository.commit(write={SHOP: manifest("v1")})
    words = "Meshroll-Service: shop v1 -> v2 in clusters/east\nMeshroll-Field: shop bogus"
    commit = repository.commit(f"x\n\n{words}", write={SHOP: manifest("v2")})
    located = locator("shop", adopted=True)
    with pytest.raises(BadInputError, match=rf"^commit {commit[:12]}: its trailer names no field: 'bogus' is no field"):
        plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache)


def test_a_version_that_did_not_fit_the_pattern_is_no_first_release(repository: Repository) -> None:
    repository.commit(write={SHOP: manifest("latest")})
    wish = Wish("shop", "v2", (parse_field("image={version}-alpine"),))
    plan = plan_adopted(repository.remote, "clusters/east", [wish], cache=repository.cache)
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    located = locator("shop", adopted=True)
    undo(repository, plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache))
    assert repository.read(SHOP) == manifest("latest")


def test_where_nothing_newer_stands_there_is_nothing_to_do(repository: Repository) -> None:
    commits = [deliver(repository, provider=version).commit for version in ("v1", "v2")]
    undo(repository, planned(repository))
    assert planned(repository, to=commits[0]).note == (
        f"provider: nothing to do: nothing that is newer than {commits[0]} stands"
    )
    undo(repository, planned(repository, to="-"))
    assert planned(repository, to="-").note.startswith("provider: nothing to do: ")


@pytest.mark.parametrize("nothing", ["null", "~"])
def test_a_null_is_not_returned_as_a_text(repository: Repository, nothing: str) -> None:
    repository.commit(write={"chart/values.yaml": chart(nothing)})
    wish = Wish("api", "1.17.0", (parse_field("helm:values.yaml#image.tag"),))
    plan = plan_adopted(repository.remote, "chart", [wish], cache=repository.cache)
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    located = locator("api", adopted=True)
    with pytest.raises(
        ConflictError, match=r"image/tag: what the release of api changed held no text before; expected"
    ):
        plan_rollback(repository.remote, "api", located, scope=Scope("prod"), cache=repository.cache)
