"""Where a service runs from, below a path: each workload of its name, as its own file or its kustomization has it.

A folder that holds a kustomization is built by it, as Argo CD does; else every kustomization below the path that no
other names is built, and the manifests that none of them uses stand for themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from meshroll.gitops.planners.kustomize import Folders, build, named_folders
from meshroll.gitops.planners.kustomize_values import Built, Container, plain
from meshroll.gitops.planners.workloads import TEMPLATE, Workload, workloads
from meshroll.yamltext import Text


class Below(Folders, Protocol):
    """The files of a repository below a path, and those of the whole repository by name."""

    path: str

    def mentioning(self, word: str) -> Iterator[Text]:
        """Those below the path in which a text occurs."""

    def kustomizations(self) -> Iterator[Text]:
        """The kustomizations below the path."""


@dataclass(frozen=True)
class Occurrence:
    """One workload of a service; `root` is the folder whose kustomization builds it, None for a manifest by itself."""

    built: Built
    root: str | None

    @property
    def workload(self) -> Workload:
        """The object as its file has it."""
        return self.built.workload

    def main(self, service: str, name: str = "") -> list[Container]:
        """The containers meant: of a name, else the only one that stays, else the one called like the service."""
        containers = self.built.containers
        if name:
            return [one for one in containers if one.name == name]
        lasting = [one for one in containers if one.stays]
        return lasting if len(lasting) == 1 else [one for one in lasting if one.name == service]


def roots(files: Below) -> list[str]:
    """The folders whose kustomizations Argo CD would build for the path, as far as the repository tells."""
    if files.kustomization(files.path) is not None:
        return [files.path]
    own = {text.where.rpartition("/")[0]: text for text in files.kustomizations()}
    named = {name for folder, text in own.items() for name in named_folders(text, folder)}
    return sorted(set(own) - named)


def occurrences(files: Below, service: str) -> list[Occurrence]:
    """Every workload of a service. Raises BadInputError for a kustomization that cannot be followed."""
    found: list[Occurrence] = []
    used: set[str] = set()
    folders = roots(files)
    for folder in folders:
        every, files_used = build(files, folder, service)
        used |= files_used
        found += [Occurrence(item, folder) for item in _behind(files, folder, every, service)]
    if files.path not in folders:
        own = [item for item in workloads(files.mentioning(service)) if item.name == service]
        for item in own:
            if item.text.where not in used:
                found += [Occurrence(plain(other), None) for other in _taken_over(files, item)]
    return found


def _behind(files: Below, folder: str, every: list[Built], service: str) -> Iterator[Built]:
    for item in every:
        if service not in (item.name, item.workload.name):
            continue
        if item.workload.reference is None:
            yield item
            continue
        kind, name = item.workload.reference
        others, _ = (every, None) if name == service else build(files, folder, name)
        found = [one for one in others if one.workload.kind == kind and name in (one.name, one.workload.name)]
        # Argo Rollouts refuses a template beside the reference, which is a finding of the lint.
        yield from found or ([item] if item.workload.value(*TEMPLATE) else [])


def _taken_over(files: Below, workload: Workload) -> list[Workload]:
    if workload.reference is None:
        return [workload]
    kind, name = workload.reference
    found = [item for item in workloads(files.mentioning(name)) if (item.kind, item.name) == (kind, name)]
    return found or ([workload] if workload.value(*TEMPLATE) else [])
