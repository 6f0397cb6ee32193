"""A stack file that the real Pulumi CLI has rewritten: it still fits the schema, and is the same stack."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from meshroll.sandbox.build import parts
from meshroll.sandbox.pulumi import install
from meshroll.sandbox.state.home import parts_cache
from meshroll.settings import document, load_file
from meshroll.settings.schema import schema
from tests.support.checkout import CHECKOUT

ENVIRON = {
    "MESHROLL_KUBECONFIG": "/k",
    "MESHROLL_REPOSITORY": "file:///r.git",
    "MESHROLL_GATEWAY_WORKER_1": "127.16.0.1",
    "MESHROLL_REMOTE_KUBECONFIG_WORKER_1": "kubeconfig",
    "MESHROLL_REPOSITORY_PASSWORD": "password",
}


@pytest.mark.parametrize("name", ["production", "production-adopted", "sandbox", "sandbox-header"])
def test_pulumi_rewrites_a_stack_file_into_one_that_is_the_same(tmp_path: Path, name: str) -> None:
    parts_cache().mkdir(parents=True, exist_ok=True)
    parts.ensure([item for item in parts.BUILDS if item.name == "pulumi"], parts_cache(), print)
    programs = parts.programs(parts_cache())
    environ = install(tmp_path / "home", Path(sys.executable), programs["pulumi-resource-kubernetes"])
    project, file = tmp_path / "project", tmp_path / "project" / f"Pulumi.{name}.yaml"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: meshroll\nruntime: python\n")
    written = (CHECKOUT / "stacks" / file.name).read_text()
    file.write_text(written)
    before = load_file(file, ENVIRON)

    for command in (["stack", "init", name], ["config", "set", "other:key", "1", "--stack", name]):
        subprocess.run(
            [programs["pulumi"], *command, "--non-interactive"], cwd=project, env=os.environ | environ, check=True
        )

    value = document.read(file).value
    assert value["config"]["meshroll:format"] == "1"  # it was rewritten
    assert list(Draft202012Validator(schema()).iter_errors(value)) == []
    assert load_file(file, ENVIRON) == before
