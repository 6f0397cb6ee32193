"""From a Release's inputs to a plan: render, compare with Git, and validate what would change before it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from meshroll.errors import BadInputError
from meshroll.gitops import Plan, plan_release
from meshroll.manifests.lint import lint
from meshroll.manifests.templates import load_template, objects, render
from meshroll.provider.inputs import ReleaseInputs
from meshroll.settings.model import Cluster

TEMPLATES = Path(__file__).resolve().parents[2] / "rollout_templates"

Validate = Callable[[Cluster, Sequence[dict[str, Any]]], list[str]]
"""Raises BadInputError for an object that the cluster would refuse; answers what could not be checked."""


def plan(inputs: ReleaseInputs, templates: Path = TEMPLATES) -> Plan:
    """What the release changes in Git. Raises BadInputError and what reaching the repository raises."""
    return plan_release(inputs.remote, inputs.path, rendered_files(inputs, templates))


def validate_changes(
    inputs: ReleaseInputs, planned: Plan, validate: Validate, templates: Path = TEMPLATES
) -> list[str]:
    """Check what a plan would commit, for each work cluster; nothing is asked for an empty plan. Answers notes."""
    if not planned.edits:
        return []
    rendered = {name: objects(files) for name, files in rendered_files(inputs, templates).items()}
    for problem in lint([item for items in rendered.values() for item in items]):
        raise BadInputError(
            problem.message, where=f"{problem.file} {problem.pointer}".strip(), expected=problem.expected
        )
    changed = [item for change in planned.changes for item in rendered[change.service]]
    notes = [f"cluster {worker.name}: {note}" for worker in inputs.workers for note in validate(worker, changed)]
    return list(dict.fromkeys(notes))


def rendered_files(inputs: ReleaseInputs, templates: Path = TEMPLATES) -> dict[str, dict[str, str]]:
    """File name to text for each service."""
    return {
        service.name: render(
            load_template(templates / service.template),
            service=service.name,
            namespace=inputs.namespace,
            version=service.version,
            parameters=service.parameters,
        )
        for service in inputs.services
    }


def edits_value(planned: Plan) -> list[Mapping[str, str]]:
    """The computed input `edits`: it binds `pulumi up --strict`, so it holds what is addressed and nothing else."""
    return [{"file": edit.file, "old": edit.old, "new": edit.new} for edit in planned.edits]
