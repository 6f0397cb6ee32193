"""A plan made again from what its file decides, on the commit that it names: what it says must follow from its edits.

Anybody can write a plan file and compute its checksum. What is taken from it are the repository and the commit, the
services with their versions and, of rendered ones, their files. The rest is made again as `meshroll plan` makes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meshroll.errors import BadInputError, MeshrollError
from meshroll.gitops.git import Remote
from meshroll.gitops.planners import DesiredVersion, application_findings, plan_adopted, read_adopted
from meshroll.gitops.plans import Finding, Plan, joined
from meshroll.settings.fields import parse_field

if TYPE_CHECKING:  # a plan without a stack needs neither a stack nor the templates
    from meshroll.release.inputs import ReleaseInputs
    from meshroll.settings import Stack


@dataclass(frozen=True)
class Replanned:
    """A plan made again, and the findings of the rest of its stack, which it may hold too."""

    plan: Plan
    others: tuple[Finding, ...] = ()


def replanned(plan: Plan, stack: Stack | None, remote: Remote, where: str) -> Replanned:
    """What the edits of a plan make. Raises BadInputError for what no plan holds, and what reaching the server raises.

    `stack` is the one that the plan names, if it names one.
    """
    versions = _versions(plan, where)
    if stack is None:
        return Replanned(_of_repository(plan, remote, versions, where))
    return _of_stack(plan, stack, versions, where)


def _versions(plan: Plan, where: str) -> dict[str, str]:
    """The version that each changed service gets; empty where it is not in its files."""
    found: dict[str, str] = {}
    for index, change in enumerate(plan.changes):
        if change.service not in plan.settings:
            raise BadInputError("nothing says where its service is", where=f"{where}: /changes/{index}")
        if found.setdefault(change.service, change.new or "") != (change.new or ""):
            raise BadInputError("its service gets another version too", where=f"{where}: /changes/{index}/new")
    return found


def _of_repository(plan: Plan, remote: Remote, versions: Mapping[str, str], where: str) -> Plan:
    own = {service: settings[0] for service, settings in plan.settings.items()}
    paths = {settings.path for each in plan.settings.values() for settings in each}
    if len(paths) != 1 or None in paths or any(edit.whole for edit in plan.edits):
        raise BadInputError(
            "without a stack it cannot change several places or whole files",
            where=f"{where}: /settings",
            expected="one path, or the name of a stack",
        )
    path = next(iter(paths)) or ""
    every = [
        DesiredVersion(service, versions.get(service, ""), tuple(map(parse_field, settings.fields or ())))
        for service, settings in own.items()
    ]
    desired = list(_completed(remote, path, every, plan.base))
    made = plan_adopted(remote, path, desired, exact=plan.exact, at=plan.base)
    return replace(made, findings=(*made.findings, *application_findings(remote, made)), format=plan.format)


def _of_stack(plan: Plan, stack: Stack, versions: Mapping[str, str], where: str) -> Replanned:
    from meshroll.release.stack import from_stack, release_groups

    known = {each.name for each in stack.services}
    for service in plan.settings:
        if service not in known:
            what = f"stack {stack.name} has no service {service}"
            raise BadInputError(what, where=f"{where}: /settings", expected="a new plan")
    services = (each for each in stack.services if each.name in plan.settings)
    desired = replace(stack, services=tuple(replace(each, version=versions.get(each.name) or "-") for each in services))
    parts: dict[str, Plan] = {}
    others: list[Finding] = []
    for release, clusters in release_groups(desired).items():
        inputs = replace(from_stack(desired, clusters), exact=plan.exact)
        if any(change.path == _place(inputs, change.service) for change in plan.changes):
            parts[release] = replace(_part(plan, inputs, versions), format=plan.format)
        else:
            with suppress(MeshrollError):  # what nobody changes there may be unfit to be changed
                idle = _part(plan, inputs, versions)
                if not idle.edits:  # else it is of another wave
                    others += idle.findings
                    parts[release] = replace(idle, format=plan.format)
    touched = [part for part in parts.values() if part.edits]
    if not touched:
        raise BadInputError("its edits are not at the places of its changes", where=f"{where}: /changes")
    hashes = {release: parts[release].hash for release in plan.releases if release in parts}
    return Replanned(replace(joined(touched), releases=hashes), tuple(others))


def _part(plan: Plan, inputs: ReleaseInputs, versions: Mapping[str, str]) -> Plan:
    """The part of one Release."""
    from meshroll.release.describe import described
    from meshroll.release.planning import desired_versions

    remote, path, names = inputs.remote, inputs.path, [each.name for each in inputs.services]
    if inputs.kind == "rendered":
        from meshroll.gitops.planners import files_after, plan_rendered
        from meshroll.manifests.templates import objects

        files = files_after(remote, path, names, plan)
        templates = {each.name: each.template for each in inputs.services}
        made = plan_rendered(remote, path, files, templates=templates, exact=inputs.exact, at=plan.base)
        return described(inputs, made, {name: objects(own) for name, own in files.items()})
    every = [replace(each, version=versions.get(each.service, "")) for each in desired_versions(inputs)]
    desired = list(_completed(remote, path, every, plan.base))
    made = plan_adopted(remote, path, desired, exact=inputs.exact, options=inputs.lint, at=plan.base)
    return described(inputs, made, {})


def _completed(remote: Remote, path: str, every: list[DesiredVersion], base: str) -> Iterator[DesiredVersion]:
    """The services with versions; those that a plan does not change have the one in Git."""
    unchanged = [each for each in every if not each.version]
    held = read_adopted(remote, path, unchanged, at=base)[1] if unchanged else {}
    for each in every:
        version = each.version or held[each.service]
        if version:
            yield replace(each, version=version)


def _place(inputs: ReleaseInputs, service: str) -> str:
    """The path that a change of a service in this Release has."""
    path = inputs.path.replace("{service}", service) if inputs.kind == "adopted" else inputs.path
    return "/".join(name for name in path.split("/") if name not in ("", "."))
