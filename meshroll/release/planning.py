"""From a Release's inputs to a plan: render, compare with Git, and validate what would change before it is shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from meshroll.errors import BadInputError
from meshroll.gitops.history import Hold, find_holds, without_held
from meshroll.gitops.planners import FINDINGS, DesiredVersion, plan_adopted, plan_rendered, read_adopted, read_versions
from meshroll.gitops.planners import KINDS as WORKLOADS
from meshroll.gitops.plans import Plan
from meshroll.manifests.folders import TEMPLATES, template_folder
from meshroll.manifests.lint import Severity, lint
from meshroll.manifests.templates import check_object, load_template, rendered_objects, texts
from meshroll.release.describe import described
from meshroll.release.inputs import ReleaseInputs
from meshroll.settings.model import Cluster
from meshroll.yamltext import Date, parse, split_pointer

Validate = Callable[[Cluster, Sequence[dict[str, Any]]], list[str]]
"""Raises BadInputError for an object that the cluster would refuse; answers what could not be checked."""


def plan(inputs: ReleaseInputs, templates: Path = TEMPLATES) -> Plan:
    """What the release changes in Git. Raises BadInputError and what reaching the repository raises."""
    if inputs.kind == "adopted":
        planned = plan_adopted(
            inputs.remote, inputs.path, desired_versions(inputs), exact=inputs.exact, options=inputs.lint
        )
        return described(inputs, planned, {})
    rendered = _rendered(inputs, templates)
    files = {name: service.files for name, service in rendered.items()}
    named = {service.name: service.template for service in inputs.services}
    planned = plan_rendered(inputs.remote, inputs.path, files, templates=named, exact=inputs.exact)
    return described(inputs, planned, {name: service.objects for name, service in rendered.items()})


def plan_unheld(
    inputs: ReleaseInputs,
    templates: Path = TEMPLATES,
    *,
    written: Callable[[], Mapping[str, str]] | None = None,
    acknowledged: Mapping[str, Collection[str]] | None = None,
) -> tuple[Plan, tuple[Hold, ...]]:
    """The same without the services that must wait for a person: undone, or newer in Git than the last `up` wrote.

    `written` answers what that `up` wrote where the inputs do not hold it. `acknowledged` are versions by service that
    the one who asks has seen in Git.
    """

    def make(held: Collection[str]) -> Plan:
        free = tuple(service for service in inputs.services if service.name not in held)
        return plan(replace(inputs, services=free), templates)

    def ask(planned: Plan) -> tuple[Hold, ...]:
        return find_holds(
            inputs.remote, planned, written=written or (lambda: inputs.written), acknowledged=acknowledged
        )

    return without_held(make, ask)


def written(inputs: ReleaseInputs, held: Sequence[Hold]) -> dict[str, str]:
    """What `up` will have written; of a service that is left as it is, what it wrote before."""
    names = {hold.service for hold in held}
    before = {service: version for service, version in inputs.written.items() if service in names}
    return before | {service.name: service.version for service in inputs.services if service.name not in names}


def validate_changes(
    inputs: ReleaseInputs, planned: Plan, validate: Validate, templates: Path = TEMPLATES
) -> list[str]:
    """Check what a plan would commit, for each work cluster; nothing is asked for an empty plan. Answers notes."""
    if not planned.edits:
        return []
    if inputs.kind == "adopted":
        found = [str(finding) for finding in planned.findings if finding.kind in FINDINGS]
        return found + _notes(inputs, changed_workloads(inputs, planned), validate)
    rendered = {name: service.objects for name, service in _rendered(inputs, templates).items()}
    every = [item for items in rendered.values() for item in items]
    for flaw in lint(every, complete=True, options=inputs.lint):
        if flaw.severity is Severity.ERROR:
            where = f"{flaw.title} {flaw.pointer}".strip()
            raise BadInputError(f"{flaw.message} [{flaw.rule.id}]", where=where)
    changed = [item for change in planned.changes for item in rendered[change.service]]
    return _notes(inputs, changed, validate)


def versions(inputs: ReleaseInputs) -> tuple[str, dict[str, str | None]]:
    """The branch's commit and the version of each service in it."""
    if inputs.kind == "adopted":
        return read_adopted(inputs.remote, inputs.path, desired_versions(inputs))
    return read_versions(inputs.remote, inputs.path, tuple(service.name for service in inputs.services))


def versions_at(inputs: ReleaseInputs, revision: str) -> dict[str, str | None]:
    """The version of each service in a revision that was fetched before."""
    if inputs.kind == "adopted":
        return read_adopted(inputs.remote, inputs.path, desired_versions(inputs), at=revision)[1]
    return read_versions(inputs.remote, inputs.path, tuple(service.name for service in inputs.services), at=revision)[1]


def desired_versions(inputs: ReleaseInputs) -> list[DesiredVersion]:
    """The services of an adopted repository as the planner takes them."""
    return [DesiredVersion(service.name, service.version, service.fields) for service in inputs.services]


def changed_workloads(inputs: ReleaseInputs, planned: Plan) -> list[dict[str, Any]]:
    """The objects that a plan changes in plain files; what Kustomize or Helm make of theirs is not known here."""
    if any(field.kind in ("kustomize", "helm") for service in inputs.services for field in service.fields):
        return []
    touched = {(edit.file, split_pointer(edit.pointer)[0]) for edit in planned.edits}
    parsed = {file: parse(planned.contents[file], file) for file, _ in touched}
    documents = [parsed[file].documents[int(index)] for file, index in sorted(touched)]
    found = [_as_written(item) for item in documents if isinstance(item, dict) and item.get("kind") in WORKLOADS]
    return [{**item, "metadata": {"namespace": inputs.namespace, **item["metadata"]}} for item in found]


def rendered_files(inputs: ReleaseInputs, templates: Path = TEMPLATES) -> dict[str, dict[str, str]]:
    """File name to text for each service."""
    return {name: service.files for name, service in _rendered(inputs, templates).items()}


@dataclass(frozen=True)
class _Wanted:
    """All that decides a rendered service; two with the same parameters are the same."""

    template: Path
    service: str
    namespace: str
    version: str
    known_by: str  # the parameters as text, types included
    parameters: Mapping[str, Any] = field(compare=False, repr=False)


@dataclass(frozen=True)
class _Rendered:
    """A rendered service: its objects, and their texts by file name."""

    objects: tuple[dict[str, Any], ...]
    files: dict[str, str]


def _rendered(inputs: ReleaseInputs, templates: Path) -> dict[str, _Rendered]:
    folders = {name: template_folder(name, templates) for name in {each.template for each in inputs.services}}
    wanted = (
        _Wanted(
            folders[service.template],
            service.name,
            inputs.namespace,
            service.version,
            repr(service.parameters),
            service.parameters,
        )
        for service in inputs.services
    )
    return {each.service: _render(each) for each in wanted}


@cache  # a stack's clusters, and the steps of one `pulumi up`, ask for the same services again
def _render(wanted: _Wanted) -> _Rendered:
    template = load_template(wanted.template)
    bodies = rendered_objects(
        template,
        service=wanted.service,
        namespace=wanted.namespace,
        version=wanted.version,
        parameters=wanted.parameters,
    )
    objects = tuple(check_object(body, file) for file, body in bodies.items())
    return _Rendered(objects, texts(template, bodies))


def _notes(inputs: ReleaseInputs, changed: Sequence[dict[str, Any]], validate: Validate) -> list[str]:
    if not changed:
        return []
    notes = [f"cluster {worker.name}: {note}" for worker in inputs.workers for note in validate(worker, changed)]
    return list(dict.fromkeys(notes))


def _as_written(value: Any) -> Any:
    """A document as an API server takes it: a date is the text that it was."""
    if isinstance(value, dict):
        return {key: _as_written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_written(item) for item in value]
    return value.text if isinstance(value, Date) else value
