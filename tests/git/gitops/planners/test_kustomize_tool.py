"""What the lint says of a folder that Kustomize builds, and why one was not built."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshroll.gitops.planners import DesiredVersion, plan_adopted
from meshroll.gitops.plans import Finding
from tests.support.git.repositories import Repository
from tests.support.lint.objects import between_services

OVERLAY = "overlays/prod"
TOOL = shutil.which("kustomize") or shutil.which("kubectl") or ""
BUILT = pytest.mark.skipif(not TOOL, reason="neither kustomize nor kubectl is on PATH")
IMAGES = [{"name": "registry.example/shop", "newTag": "v1"}]


def commit(repository: Repository, overlay: Mapping[str, object]) -> None:
    whole = "---\n".join(yaml.safe_dump(item) for item in between_services())
    files = {"base/all.yaml": whole, "base/kustomization.yaml": "resources: [all.yaml]\n"}
    repository.commit(write={**files, f"{OVERLAY}/kustomization.yaml": yaml.safe_dump(dict(overlay))})


def lint(repository: Repository, path: str = OVERLAY) -> list[Finding]:
    planned = plan_adopted(repository.remote, path, [DesiredVersion("shop", "v2")], cache=repository.cache)
    return [finding for finding in planned.findings if finding.kind == "lint"]


@BUILT
def test_what_kustomize_builds_is_judged(repository: Repository) -> None:
    patch = [{"op": "add", "path": "/spec/strategy/canary/steps/0", "value": {"setWeight": 101}}]
    patched = {"target": {"kind": "Rollout"}, "patch": yaml.safe_dump(patch)}
    base = {"resources": ["../../base"], "namespace": "prod", "images": IMAGES}
    commit(repository, {**base, "patches": [patched]})
    pointer = "/spec/strategy/canary/steps/0/setWeight"
    message = f"Rollout prod/shop {pointer}: 101 is not within 0 to 100 [step-weight] (as Kustomize builds {OVERLAY})"
    file = f"{OVERLAY}/kustomization.yaml"
    assert lint(repository) == [Finding("lint", message, "shop", file, 0, "step-weight", "error", pointer)]
    commit(repository, base)
    assert lint(repository) == []


@BUILT
def test_the_built_folder_is_that_of_after_the_edit(repository: Repository) -> None:
    objects = between_services()
    objects[0]["spec"]["selector"]["version"] = "v1"
    whole = "---\n".join(yaml.safe_dump(item) for item in objects)
    repository.commit(write={f"{OVERLAY}/kustomization.yaml": "resources: [all.yaml]\n", f"{OVERLAY}/all.yaml": whole})
    assert [finding.rule for finding in lint(repository)] == ["service-selects-pods"]


@BUILT
def test_a_folder_that_kustomize_cannot_build_says_why(repository: Repository) -> None:
    repository.commit(write={f"{OVERLAY}/more.yaml": yaml.safe_dump(between_services()[0])})
    commit(repository, {"resources": ["../../base", "more.yaml"], "images": IMAGES})
    (found,) = lint(repository)
    assert (found.rule, found.severity) == ("not-judged", "note")
    assert "already registered id" in found.message


@BUILT
def test_nothing_is_fetched_and_the_rest_is_judged(repository: Repository) -> None:
    remote = "https://example.invalid/base?ref=v1"
    patch = [{"op": "add", "path": "/spec/strategy/canary/steps/0", "value": {"setWeight": 101}}]
    patched = {"target": {"kind": "Rollout"}, "patch": yaml.safe_dump(patch)}
    chart = {"name": "cart", "repo": "https://charts.example.invalid"}
    commit(
        repository,
        {"resources": ["../../base", remote], "images": IMAGES, "patches": [patched], "helmCharts": [chart]},
    )
    file = f"{OVERLAY}/kustomization.yaml"
    assert [finding.message for finding in lint(repository)] == [
        (
            "Rollout shop /spec/strategy/canary/steps/0/setWeight: 101 is not within 0 to 100 [step-weight] "
            f"(as Kustomize builds {OVERLAY})"
        ),
        f"not judged: {file} inflates a Helm chart [not-judged]",
        f"not judged: {file} takes {remote} from elsewhere [not-judged]",
    ]


@BUILT
def test_what_cannot_be_built_for_what_was_left_out_names_both(repository: Repository) -> None:
    remote = "https://example.invalid/base?ref=v1"
    missing = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart"}}
    patches = [{"patch": yaml.safe_dump(missing)}]
    commit(repository, {"resources": ["../../base", remote], "images": IMAGES, "patches": patches})
    (found,) = lint(repository)
    assert found.message.startswith(
        f"not judged: {OVERLAY}/kustomization.yaml takes {remote} from elsewhere; {Path(TOOL).name}: "
    )


@BUILT
def test_every_kustomization_below_the_path_is_built_by_itself(repository: Repository) -> None:
    commit(repository, {"resources": ["../../base"], "namespace": "prod", "images": IMAGES})
    stage = {"resources": ["../../base"], "namespace": "stage", "images": IMAGES}
    other = {"resources": ["cart.yaml"]}
    cart = yaml.safe_dump({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "cart"}})
    files = {"stage": stage, "cart": other}
    repository.commit(
        write={f"overlays/{name}/kustomization.yaml": yaml.safe_dump(document) for name, document in files.items()}
        | {"overlays/cart/cart.yaml": cart}
    )
    base = yaml.safe_load_all(repository.read("base/all.yaml"))
    objects = [item if item["kind"] != "Rollout" else faulty(item) for item in base]
    repository.commit(write={"base/all.yaml": "---\n".join(map(yaml.safe_dump, objects))})
    assert [finding.message for finding in lint(repository, "overlays")] == [
        f"Rollout {name} /spec/selector: the Rollout has no selector [rollout-selector] (as Kustomize builds {folder})"
        for name, folder in (("prod/shop", OVERLAY), ("stage/shop", "overlays/stage"))
    ]


def faulty(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**item, "spec": {key: value for key, value in item["spec"].items() if key != "selector"}}


def test_without_the_tools_files_that_are_only_put_together_are_judged(
    repository: Repository, without_tools: None
) -> None:
    commit(repository, {"resources": ["../../base"], "images": IMAGES, "namespace": "prod"})
    assert lint(repository) == []
    objects = between_services()
    del objects[-1]["spec"]["selector"]
    repository.commit(write={"base/all.yaml": "---\n".join(map(yaml.safe_dump, objects))})
    message = "Rollout prod/shop /spec/selector: the Rollout has no selector [rollout-selector]"
    assert [finding.message for finding in lint(repository)] == [f"{message} (as Kustomize builds {OVERLAY})"]


def test_without_the_tools_it_is_said_what_was_not_judged(repository: Repository, without_tools: None) -> None:
    patch = {"target": {"kind": "Rollout"}, "patch": "- {op: remove, path: /spec/selector}"}
    commit(repository, {"resources": ["../../base"], "images": IMAGES, "patches": [patch]})
    message = f"neither kustomize nor kubectl is on PATH, and {OVERLAY}/kustomization.yaml has patches"
    assert [finding.message for finding in lint(repository)] == [f"not judged: {message} [not-judged]"]


@pytest.fixture
def without_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH with git alone."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def test_files_beside_a_kustomization_are_judged_as_they_stand(repository: Repository, without_tools: None) -> None:
    objects = between_services()
    objects[-1]["spec"]["strategy"]["canary"]["steps"] = [{"setWeight": 101}]
    files = {
        "apps/all.yaml": "---\n".join(map(yaml.safe_dump, objects)),
        "apps/cart/kustomization.yaml": "resources: [cart.yaml]\n",
        "apps/cart/cart.yaml": yaml.safe_dump({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart"}}),
    }
    repository.commit(write=files)
    assert [finding.rule for finding in lint(repository, "apps")] == ["step-weight"]
