"""How a service's Rollout takes a change: the timeline of its canary, as far as it is in the repository."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress

from meshroll.errors import BadInputError
from meshroll.gitops.git import Git, TreeEntry, Trees
from meshroll.gitops.planners.files import Files
from meshroll.gitops.planners.locations import Location
from meshroll.gitops.planners.workloads import Workload, workloads
from meshroll.gitops.plans import Canary
from meshroll.manifests.timeline import timeline
from meshroll.yamltext import join_pointer, parse


def canaries(files: Files, service: str, places: Sequence[Location] = ()) -> list[Canary]:
    """The canary of the Rollout that holds one of the places, else of the one of the service's name below the path.

    The latter is beside a patch, the image of a kustomization, a chart's values, or the pods of a Deployment that
    it takes over. None where it is not below the path, or several go different ways.
    """
    holders = _of(service, (place.workload for place in places if place.workload))
    if holders:
        return holders[:1]
    with suppress(BadInputError):  # a single file that is not a manifest, where a field names another
        found = _of(service, workloads(files.mentioning(service)))
        return found if len(found) == 1 else []
    return []


def canaries_below(git: Git, trees: Trees, tree: str, paths: Collection[str], service: str) -> list[Canary]:
    """The same for each path of a tree."""
    found: list[Canary] = []
    for path in sorted(paths):
        with suppress(BadInputError):  # a field may have named a file elsewhere, and the path be gone
            found += canaries(Files(git, trees, tree, path), service)
    return list(dict.fromkeys(found))


def canaries_changed(trees: Trees, changed: Mapping[str, tuple[str, str] | None], service: str) -> list[Canary]:
    """The canaries of the service's Rollouts in the files (mode, blob) that a change puts in place."""
    found: list[Canary] = []
    for file, change in changed.items():
        if change is not None:
            with suppress(BadInputError):  # not a manifest
                text = parse(trees.read(TreeEntry(change[0], "blob", change[1]), file), file)
                found += _of(service, workloads([text]))
    return list(dict.fromkeys(found))


def _of(service: str, every: Iterable[Workload]) -> list[Canary]:
    found = []
    for item in every:
        # A patch does not have the steps, and a blue-green strategy has none.
        if (item.kind, item.name) == ("Rollout", service) and item.value("spec", "strategy", "canary", "steps"):
            with suppress(BadInputError):  # the cluster reports what is wrong with such steps
                found.append(Canary(service, timeline(item.text.value(join_pointer(item.tokens)))))
    return list(dict.fromkeys(found))
