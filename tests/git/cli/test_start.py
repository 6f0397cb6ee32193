"""What a plan and an apply of one change start with: modules that they do not need cost more than the change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.checkout import CHECKOUT
from tests.support.git.repositories import Repository

PROGRAM = """
import sys
from meshroll.cli import main
code = main()
print(*sys.modules, sep="\\n")
sys.exit(code)
"""
OF_NEITHER = {
    "aiohttp",
    "grpc",
    "jsonschema",
    "kubernetes",
    "meshroll.components",
    "meshroll.delivery",
    "meshroll.gitops.history.lineage",
    "meshroll.gitops.history.past",
    "meshroll.gitops.history.rollback",
    "meshroll.gitops.planners.rendered",
    "meshroll.kube",
    "meshroll.manifests.folders",
    "meshroll.manifests.templates",
    "meshroll.release.inputs",
    "meshroll.release.planning",
    "meshroll.release.stack",
    "meshroll.sandbox",
    "meshroll.settings.build",
    "meshroll.settings.edit",
    "meshroll.settings.load",
    "meshroll.settings.model",
    "meshroll.settings.schema",
    "pulumi",
    "urllib.request",
}


def loaded(*arguments: str) -> set[str]:
    """The modules that a process of the command has in the end."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_neither_a_plan_nor_an_apply_imports_what_one_change_does_not_need(
    project: Path, repository: Repository
) -> None:
    file = str(project / "plan.json")
    place = ("--repository", repository.remote.url, "--path", "clusters/east")
    plan = loaded("plan", *place, "--set", "provider=v2", "--out", file)
    apply = loaded("apply", file, "--repository", repository.remote.url)
    assert (plan & OF_NEITHER, apply & OF_NEITHER) == (set(), set())
    assert "meshroll.manifests.lint" in plan & apply  # each judges the files
    assert repository.git("log", "--format=%s", "-1", "main").strip() == "Release provider v1 -> v2"
