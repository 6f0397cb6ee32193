"""What the lint says of a folder that Kustomize builds, and why one was not built."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from meshroll.gitops.planners import DesiredVersion, plan_adopted
from meshroll.gitops.plans import Finding
from tests.support.git.repositories import Repository
from tests.support.lint.objects import between_services

OVERLAY = "overlays/prod"
BUILT = pytest.mark.skipif(
    not (shutil.which("kustomize") or shutil.which("kubectl")), reason="neither kustomize nor kubectl is on PATH"
)
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


def test_nothing_is_fetched(repository: Repository) -> None:
    remote = "https://example.invalid/base?ref=v1"
    commit(repository, {"resources": ["../../base", remote], "images": IMAGES})
    message = f"not judged: {OVERLAY}/kustomization.yaml takes {remote} from elsewhere [not-judged]"
    assert [finding.message for finding in lint(repository)] == [message]


def test_without_the_tools_it_is_said_that_nothing_was_judged(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository, {"resources": ["../../base"], "images": IMAGES})
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    message = "not judged: neither kustomize nor kubectl is on PATH [not-judged]"
    assert [finding.message for finding in lint(repository)] == [message]


def test_kustomizations_below_the_path_are_not_judged(repository: Repository) -> None:
    commit(repository, {"resources": ["../../base"], "images": IMAGES})
    (found,) = lint(repository, "overlays")
    assert found.message == (
        "not judged: Kustomize builds from the folders below, of which it is not known which ones are applied: "
        f"{OVERLAY}/kustomization.yaml [not-judged]"
    )
