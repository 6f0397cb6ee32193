"""Versions in texts within files that people wrote: planned, applied, read from history and undone to the byte."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError, ConflictError
from meshroll.gitops.history.holds import Origin, find_holds
from meshroll.gitops.history.rollback import locator, plan_rollback
from meshroll.gitops.planners import DesiredVersion, plan_adopted, read_adopted
from meshroll.gitops.plans import Plan, apply_plan
from meshroll.gitops.plans.scope import Scope
from meshroll.gitops.plans.serialize import from_json, to_json
from meshroll.settings.fields import parse_field
from tests.support.git.repositories import Repository
from tests.support.git.undoing import undo

APPLICATION = """\
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  source:
    chart: web
    helm:
      releaseName: shop
      values: |2-   # of the chart

          image:
            repository: reg/shop
            tag: "1.0"   # released
          sidecar: {image: 'reg/proxy:1.0'}

  destination: {namespace: shop}
"""
PATCHED = """\
resources: [deployment.yaml]
patches:
- target: {kind: Deployment}
  patch: |-
    - op: replace
      path: /spec/template/spec/containers/0/image
      value: reg/shop:1.0   # é
"""
DEPLOYMENT = """\
kind: Deployment
metadata: {name: shop}
spec: {template: {spec: {containers: [{name: main, image: 'reg/shop:0.9'}]}}}
"""
VALUES = "helm:shop.yaml#spec.source.helm.values"
FILES = {"apps/shop.yaml": APPLICATION, "live/kustomization.yaml": PATCHED, "live/deployment.yaml": DEPLOYMENT}

CASES = pytest.mark.parametrize(
    ("path", "field", "file", "pointer"),
    [
        ("apps", f"{VALUES}.image.tag", "apps/shop.yaml", "/0/spec/source/helm/values/0/image/tag"),
        ("apps", f"{VALUES}.sidecar.image", "apps/shop.yaml", "/0/spec/source/helm/values/0/sidecar/image"),
        ("live", "", "live/kustomization.yaml", "/0/patches/0/patch/0/0/value"),
    ],
)


def desired(version: str, field: str) -> list[DesiredVersion]:
    return [DesiredVersion("shop", version, (parse_field(field),) if field else ())]


def plan(repository: Repository, path: str, field: str, version: str = "2.0") -> Plan:
    return plan_adopted(repository.remote, path, desired(version, field), cache=repository.cache)


def apply(repository: Repository, planned: Plan) -> bool:
    return apply_plan(
        repository.remote, from_json(to_json(planned).encode(), "f"), stack="", cache=repository.cache
    ).made


@CASES
def test_one_line_of_a_text_changes_comes_back_as_it_was_and_is_released_again(
    repository: Repository, path: str, field: str, file: str, pointer: str
) -> None:
    repository.commit(write=FILES)
    planned = plan(repository, path, field)
    (edit,) = planned.edits
    line = FILES[file].splitlines()[edit.line - 1]
    assert (edit.file, edit.pointer, edit.new) == (file, pointer, edit.old.replace("1.0", "2.0"))
    assert [row for row in planned.diff.splitlines()[4:] if row[0] in "+-"] == [
        f"-{line}",
        f"+{line.replace('1.0', '2.0')}",
    ]
    assert apply(repository, planned)
    released = repository.read(file)
    assert released == FILES[file].replace(line, line.replace("1.0", "2.0"))
    undone = plan_rollback(
        repository.remote, "shop", locator("shop", adopted=True), scope=Scope(""), cache=repository.cache
    )
    undo(repository, undone)
    assert repository.read(file) == FILES[file]
    assert apply(repository, plan(repository, path, field))
    assert repository.read(file) == released


@CASES
def test_the_version_of_a_text_is_read_and_its_author_found(
    repository: Repository, path: str, field: str, file: str, pointer: str
) -> None:
    repository.commit(write=FILES)
    theirs = repository.commit("hotfix", write={file: FILES[file].replace("1.0", "1.5")})
    repository.commit("a comment", write={file: "# new\n" + FILES[file].replace("1.0", "1.5")})
    versions = read_adopted(repository.remote, path, desired("2.0", field), cache=repository.cache)[1]
    assert versions == {"shop": "1.5"}
    written = {"shop": "1.0"}
    (hold,) = find_holds(
        repository.remote, plan(repository, path, field), written=lambda: written, cache=repository.cache
    )
    assert (hold.kind, hold.origin) == ("newer-in-git", Origin("Ada", theirs, subject="hotfix"))


@CASES
def test_a_text_that_moved_since_the_plan_takes_its_version_and_one_that_changed_is_a_conflict(
    repository: Repository, path: str, field: str, file: str, pointer: str
) -> None:
    repository.commit(write=FILES)
    planned = plan(repository, path, field)
    moved = f"# moved\nkind: Other\n---\n{FILES[file]}" if path == "apps" else f"# moved\n{FILES[file]}"
    repository.commit("move", write={file: moved})
    assert apply(repository, planned)
    line = FILES[file].splitlines()[planned.edits[0].line - 1]
    assert repository.read(file) == moved.replace(line, line.replace("1.0", "2.0"))
    repository.commit("hotfix", write={file: moved.replace("1.0", "1.7")})
    with pytest.raises(ConflictError, match="hotfix"):
        apply(repository, planned)


def test_an_expression_and_a_broken_text_are_refused_with_the_line_of_the_file(repository: Repository) -> None:
    templated = APPLICATION.replace('"1.0"', '"{{ .tag }}"')
    repository.commit(write={"apps/shop.yaml": templated, "apps/broken.yaml": "values: |\n  a: 1\n  b: ]\n"})
    with pytest.raises(BadInputError) as caught:
        plan(repository, "apps", f"{VALUES}.image.tag")
    assert str(caught.value) == (
        "apps/shop.yaml:12 /0/spec/source/helm/values/0/image/tag: value spec.source.helm.values.image.tag holds the "
        "expression {{ .tag }}, which is not a value; expected a field that names the value which feeds it"
    )
    with pytest.raises(BadInputError, match=r"^apps/broken.yaml:3:6: is not YAML: "):
        plan(repository, "apps", "helm:broken.yaml#values.a")
