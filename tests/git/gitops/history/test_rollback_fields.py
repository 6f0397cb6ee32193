"""Undoing releases in files that people wrote: at the fields and places they changed, and nothing beside them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshroll.errors import BadInputError, ConflictError, worded
from meshroll.gitops.history.rollback import locator, plan_rollback
from meshroll.gitops.planners import DesiredVersion, plan_adopted
from meshroll.gitops.plans import apply_plan
from meshroll.gitops.plans.scope import Scope
from meshroll.gitops.plans.serialize import from_json, to_json
from meshroll.settings.fields import parse_field
from tests.support.git.repositories import Repository
from tests.support.git.undoing import trailers, undo

SHOP = "clusters/east/shop.yaml"
FIELDS = (parse_field("label:version"), parse_field("image"))


def manifest(version: str, tail: str = "") -> str:
    return (
        "# by hand\nkind: Rollout\nmetadata: {name: shop}\nspec:\n  template:\n    metadata:\n      labels:\n"
        f"        version: {version} # what runs\n    spec:\n      containers:\n"
        f"      - {{name: main, image: 'team/shop:{version}'}}\n{tail}"
    )


def chart(version: str) -> str:
    return f"image:\n  tag: {version}\n"


def test_a_file_that_went_away_is_not_taken_for_one_that_is_back(repository: Repository) -> None:
    repository.commit(write={SHOP: manifest("v1")})
    plan = plan_adopted(
        repository.remote, "clusters/east", [DesiredVersion("shop", "v2", FIELDS)], cache=repository.cache
    )
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
    plan = plan_adopted(
        repository.remote, "clusters/east", [DesiredVersion("shop", "v2", FIELDS)], cache=repository.cache
    )
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    assert [line for line in trailers(repository) if "Field" in line] == [
        "Meshroll-Field: shop label:version",
        "Meshroll-Field: shop image",
    ]
    located = locator("shop", adopted=True)
    undo(repository, plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache))
    assert repository.read(SHOP) == manifest("v1")


def test_an_empty_value_comes_back_and_is_no_version(repository: Repository) -> None:
    repository.commit(write={"chart/values.yaml": 'image:\n  tag: ""  # filled by releases\n'})
    desired = DesiredVersion("api", "1.17.0", (parse_field("helm:values.yaml#image.tag"),))
    plan = plan_adopted(repository.remote, "chart", [desired], cache=repository.cache)
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    located = locator("api", adopted=True)
    back = plan_rollback(repository.remote, "api", located, scope=Scope("prod"), to="-", cache=repository.cache)
    undo(repository, back)
    assert repository.read("chart/values.yaml") == 'image:\n  tag: ""  # filled by releases\n'


def test_in_files_that_people_wrote_only_the_fields_return(repository: Repository) -> None:
    stock = manifest("v1").replace("shop", "stock")
    repository.commit(write={SHOP: manifest("v1") + "---\n" + stock})
    desired = [DesiredVersion("shop", "v2", FIELDS), DesiredVersion("stock", "v2", FIELDS)]
    plan = plan_adopted(repository.remote, SHOP, desired, cache=repository.cache)
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


def test_clusters_that_came_from_several_versions_each_return_to_their_own(repository: Repository) -> None:
    west = SHOP.replace("east", "west")
    repository.commit(write={SHOP: manifest("v1"), west: manifest("v0")})
    path = "clusters/{cluster}"
    plan = plan_adopted(repository.remote, path, [DesiredVersion("shop", "v2", FIELDS)], cache=repository.cache)
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
    assert worded(again.note).startswith("shop: nothing to do: v2 was undone by Meshroll")


def test_each_release_is_undone_at_its_own_fields(repository: Repository) -> None:
    values = "clusters/east/values.yaml"
    repository.commit(write={SHOP: manifest("v1")})

    def released(version: str, *fields: str) -> None:
        desired = DesiredVersion("shop", version, tuple(parse_field(field) for field in fields))
        plan = plan_adopted(repository.remote, "clusters/east", [desired], cache=repository.cache)
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


def test_what_is_beside_a_releases_place_in_its_commit_stays(repository: Repository) -> None:
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
        repository.remote,
        "clusters/east",
        [DesiredVersion("shop", "v2", (parse_field(field),))],
        cache=repository.cache,
    )
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    assert f"Meshroll-Field: shop {field}" in trailers(repository)
    located = locator("shop", adopted=True)
    undo(repository, plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache))
    assert repository.read(SHOP) == text


def test_a_trailer_that_names_no_field_is_refused_with_its_commit(repository: Repository) -> None:
    repository.commit(write={SHOP: manifest("v1")})
    words = "Meshroll-Service: shop v1 -> v2 in clusters/east\nMeshroll-Field: shop bogus"
    commit = repository.commit(f"x\n\n{words}", write={SHOP: manifest("v2")})
    located = locator("shop", adopted=True)
    with pytest.raises(
        BadInputError, match=rf"^commit {commit[:12]}: its trailer does not name a field: 'bogus' is not a field"
    ):
        plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache)


def test_a_version_that_did_not_fit_the_pattern_is_no_first_release(repository: Repository) -> None:
    repository.commit(write={SHOP: manifest("latest")})
    desired = DesiredVersion("shop", "v2", (parse_field("image={version}-alpine"),))
    plan = plan_adopted(repository.remote, "clusters/east", [desired], cache=repository.cache)
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    located = locator("shop", adopted=True)
    undo(repository, plan_rollback(repository.remote, "shop", located, scope=Scope("prod"), cache=repository.cache))
    assert repository.read(SHOP) == manifest("latest")


@pytest.mark.parametrize(
    ("line", "old"),
    [
        ("tag:", None),
        ("tag:   # filled by releases", None),
        ("tag: ~", None),
        ("tag: null # filled by releases", None),
        ('tag: ""', None),
        ("tag: 1.10 # a number", "1.10"),
        ("tag: 2026-11-25", "2026-11-25"),
        ("tag: '1.10'", "1.10"),
        ("tag: v1", "v1"),
        ("tag: >-\n      v1", "v1"),
    ],
)
@pytest.mark.parametrize(
    "around", ["image:\n  {}\n  name: 'shop'\n", "values: |\n  image:\n    {}\n    name: 'shop'\n"]
)
def test_what_stood_there_before_two_releases_comes_back_as_it_was(
    repository: Repository, line: str, old: str | None, around: str
) -> None:
    before = around.format(line)
    repository.commit(write={"chart/values.yaml": before})
    field = parse_field("helm:values.yaml#values.image.tag" if "values" in around else "helm:values.yaml#image.tag")
    olds = []
    for version in ("1.17.0", "1.18"):
        desired = DesiredVersion("api", version, (field,))
        plan = plan_adopted(repository.remote, "chart", [desired], cache=repository.cache)
        assert len([row for row in plan.diff.splitlines()[4:] if row[0] in "+-"]) == 2
        assert plan.findings == ()
        olds.append(plan.changes[0].old)
        apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    repository.commit("a comment", write={"chart/values.yaml": "# new\n" + repository.read("chart/values.yaml")})
    back = plan_rollback(
        repository.remote,
        "api",
        locator("api", adopted=True),
        scope=Scope("prod"),
        to=olds[0] or "-",
        over_newer=True,
        cache=repository.cache,
    )
    assert olds == [old, "1.17.0"]
    undo(repository, replace(back, plan=from_json(to_json(back.plan).encode(), "plan.json")))
    assert repository.read("chart/values.yaml") == "# new\n" + before


def test_an_undo_that_writes_other_characters_is_another_plan(repository: Repository) -> None:
    repository.commit(write={"chart/values.yaml": chart("1.10")})
    desired = DesiredVersion("api", "1.11", (parse_field("helm:values.yaml#image.tag"),))
    plan = plan_adopted(repository.remote, "chart", [desired], cache=repository.cache)
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    located = locator("api", adopted=True)
    back = plan_rollback(repository.remote, "api", located, scope=Scope("prod"), cache=repository.cache).plan
    (edit,) = back.edits
    assert (edit.old, edit.new, edit.written) == ("1.11", "1.10", "1.10")
    assert replace(back, edits=(replace(edit, written="'1.10'"),)).hash != back.hash
