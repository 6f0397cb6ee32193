"""`make soak N=... SEED=...`: the place that sets a version last, beside Kustomize itself, on a twentieth of N."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.services import kustomize
from meshroll.errors import BadInputError
from meshroll.gitops.planners.search import find
from meshroll.yamltext import replace_scalars
from tests.support.git.memory import Memory
from tests.support.overlays import PROD, Files, overlays

COUNT = int(os.environ.get("N", "10000")) // 20
SEED = os.environ.get("SEED", "0")
DIGEST = "sha256:" + "9" * 64


def built(folder: Path, files: Files) -> dict[str, Any] | None:
    """The pod template that Kustomize makes; None where it refuses the kustomization."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    done = subprocess.run([kustomize(), "build", PROD], cwd=folder, capture_output=True, check=False)
    return dict(yaml.safe_load(done.stdout)["spec"]["template"]) if done.returncode == 0 else None


def edited(files: Files) -> tuple[Files, str, bool]:
    """The files with another version of shop, the text of it, and whether it is a label."""
    places = find(Memory(files, PROD), "shop")
    pinned = "digest" in places[0].pointer or "@" in places[0].scalar.text
    is_label = places[0].field.kind == "label"
    version = "v9" if is_label else DIGEST if pinned else "9.9"
    after = dict(files)
    for place in places:
        file = place.text.where
        after[file] = replace_scalars(after[file].encode(), {place.pointer: place.after(version)}, file).decode()
    return after, version, is_label


def test_an_edit_of_an_overlay_changes_what_kustomize_builds(tmp_path: Path) -> None:
    judged = 0
    for number in range(COUNT):
        files = overlays(random.Random(f"{SEED}-{number}"))  # noqa: S311 - a draw, not a secret
        if built(tmp_path / f"{number}-before", files) is None:
            continue
        try:
            after, version, is_label = edited(files)
        except BadInputError:
            continue  # refused, and nothing is said of it
        pods = built(tmp_path / f"{number}-after", after)
        if pods is None:
            pytest.fail(f"overlay {number} of seed {SEED} cannot be built after its edit")
        image = next(one["image"] for one in pods["spec"]["containers"] if one["name"] == "shop")
        now = pods["metadata"]["labels"].get("version") if is_label else image
        assert now.endswith(version), f"overlay {number} of seed {SEED}: {now}"
        judged += 1
    assert judged > COUNT / 2
