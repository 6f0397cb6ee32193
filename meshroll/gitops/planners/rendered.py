"""Plans for rendered repositories: whole files, each service in a folder of its own.

`<root>/<service>/<file>` is written as rendered. Files below the service's folder that carry our marker and are no
longer rendered are removed; a file without it is somebody else's and is never changed: where a
rendered file should be, it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from meshroll.errors import BadInputError
from meshroll.gitops.git import (
    Remote,
    Transport,
    TreeEntry,
    Trees,
    blob_of,
    fetch_base,
    fetch_commit,
    open_cache,
    path_names,
    retried,
    tree_of,
    unified,
)
from meshroll.gitops.planners.canaries import canary_of_rendered
from meshroll.gitops.plans import Canary, Edit, Plan, ServiceSettings, VersionChange
from meshroll.manifests.templates import MARKER
from meshroll.yamltext import parse

FILE_MODE = "100644"


def plan_rendered(
    remote: Remote,
    root: str,
    services: Mapping[str, Mapping[str, str]],
    *,
    templates: Mapping[str, str] | None = None,
    exact: bool = False,
    cache: Path | None = None,
    at: str | None = None,
) -> Plan:
    """What must change for each service's folder below `root` to hold its rendered files (name to text).

    `templates` has the name of the template that each service is rendered from. `at` is the id of another commit of
    the branch than the newest; empty for none.
    Nothing is written but the private cache. Raises BadInputError, UnavailableError, TimedOutError.
    """
    planned = retried(lambda: _plan(remote, root, services, cache, at))
    known = templates or {}
    settings = {name: (ServiceSettings(root, template=known.get(name)),) for name in services}
    return replace(planned, settings=settings, exact=exact)


def read_versions(
    remote: Remote, root: str, services: tuple[str, ...], *, at: str = "", cache: Path | None = None
) -> tuple[str, dict[str, str | None]]:
    """The branch's commit (empty without any ref) and the version of each service in it, None where there is none.

    `at` is the id of another commit of the branch: see `fetch_commit`.
    """

    def read() -> tuple[str, dict[str, str | None]]:
        with open_cache(remote, cache) as git:
            head = fetch_commit(Transport(git, remote), at)
            trees, tree = Trees(git), tree_of(git, head)
            _prepare(trees, tree, (folder_of(root, name) for name in services))
            trees.read_ahead(
                entry
                for name in services
                for file, entry in trees.files(tree, folder_of(root, name))
                if _is_manifest(file)
            )
            return head, {name: _version(_rollout_below(trees, tree, folder_of(root, name), name)) for name in services}

    return retried(read)


def blobs(trees: Trees, tree: str, root: str, service: str) -> dict[tuple[str, str], str]:
    """The files of a service that are ours in a tree, as addressed values: see `values`."""
    files = [(file, entry) for file, entry in trees.files(tree, folder_of(root, service)) if _is_manifest(file)]
    return {(file, ""): entry.oid for file, entry in files if _is_ours(trees.read(entry, file))}


def version_in(content: bytes, service: str) -> str | None:
    """The version a manifest gives a service: its Rollout's pod label; None without one, or for another file."""
    return _version(_rollout_in(content, service))


def _rollout_in(content: bytes, service: str) -> dict[str, Any] | None:
    """The Rollout of a service in a file's bytes; None without one."""
    if b"Rollout" not in content:  # most files of a service; nobody writes the kind with escapes
        return None
    try:
        documents = parse(content, "").documents
    except BadInputError:
        return None  # not ours to judge here: Argo CD reports a manifest it cannot read
    for document in documents:
        if isinstance(document, dict) and document.get("kind") == "Rollout" and _name_of(document) == service:
            return document
    return None


def _name_of(document: dict[str, Any]) -> Any:
    return _at(document, "metadata", "name")


def _version(rollout: dict[str, Any] | None) -> str | None:
    version = _at(rollout, "spec", "template", "metadata", "labels", "version")
    return version if isinstance(version, str) else None


def _plan(
    remote: Remote, root: str, services: Mapping[str, Mapping[str, str]], cache: Path | None, at: str | None
) -> Plan:
    with open_cache(remote, cache) as git:
        base = fetch_base(Transport(git, remote), at)
        trees, tree = Trees(git), tree_of(git, base)
        edits: list[Edit] = []
        changes: list[VersionChange] = []
        timeline: list[Canary] = []
        contents: dict[str, bytes] = {}
        folders = {service: folder_of(root, service) for service in services}
        wanted = {
            service: {f"{folders[service]}/{name}": text.encode() for name, text in files.items()}
            for service, files in services.items()
        }
        _prepare(trees, tree, folders.values())
        trees.read_ahead(
            entry for service in services for entry in _differing(trees, tree, folders[service], wanted[service])
        )
        for service in services:
            folder = folders[service]
            contents |= wanted[service]
            own = _edits_of(trees, tree, service, folder, wanted[service])
            if own:
                before = _rollout_below(trees, tree, folder, service)
                after = next(
                    filter(None, (_rollout_in(content, service) for content in wanted[service].values())), None
                )
                changes.append(VersionChange(service, _version(before), _version(after), root.strip("/")))
                timeline += [canary_of_rendered(service, before, after)] if after else []
                edits += own
        edits.sort()
        trees.store_all(contents[edit.file] for edit in edits if edit.new)
        changed = {edit.file: (FILE_MODE, edit.new) if edit.new else None for edit in edits}
        diff = unified(git, trees, tree, changed)
    return Plan(remote.url, remote.branch, base, tuple(edits), tuple(changes), diff, contents, timeline=tuple(timeline))


def _prepare(trees: Trees, tree: str, folders: Iterable[str]) -> None:
    """Bring the folders of all services: a path in each is enough."""
    trees.load_folders((tree, f"{folder}/any") for folder in folders)


def _differing(trees: Trees, tree: str, folder: str, wanted: Mapping[str, bytes]) -> list[TreeEntry]:
    """The manifests of a service whose files are not all as they are wanted: those that will be read."""
    found = {file: entry for file, entry in trees.files(tree, folder) if _is_manifest(file)}
    as_wanted = found.keys() == wanted.keys() and all(found[file].oid == blob_of(wanted[file]) for file in found)
    return [] if as_wanted else list(found.values())


def _edits_of(trees: Trees, tree: str, service: str, folder: str, wanted: Mapping[str, bytes]) -> list[Edit]:
    edits = []
    for file, content in wanted.items():
        entry = trees.find(tree, file)
        if entry is not None and not entry.is_file:
            raise BadInputError("a folder is in the way", where=file, expected="a plain file")
        new = blob_of(content)
        if entry is None or entry.oid != new:
            if entry is not None and not _is_ours(trees.read(entry, file)):
                raise BadInputError(
                    "the file was not rendered by Meshroll and is not overwritten",
                    where=file,
                    expected="it moved, or removed if it may be replaced",
                )
            old = entry.oid if entry else ""
            edits.append(Edit(file, "", old, new, service, blob=old))
    for file, entry in trees.files(tree, folder):
        if file not in wanted and _is_manifest(file) and _is_ours(trees.read(entry, file)):
            edits.append(Edit(file, "", entry.oid, "", service, blob=entry.oid))
    return edits


def _is_manifest(file: str) -> bool:
    return file.endswith((".yaml", ".yml"))


def _is_ours(content: bytes) -> bool:
    return content.startswith(MARKER.encode())


def _rollout_below(trees: Trees, tree: str, folder: str, service: str) -> dict[str, Any] | None:
    """The Rollout of a service below its folder, first of all one with a version."""
    found = None
    for file, entry in sorted(trees.files(tree, folder)):
        if _is_manifest(file):
            rollout = _rollout_in(trees.read(entry, file), service)
            if _version(rollout) is not None:
                return rollout
            found = found or rollout
    return found


def folder_of(root: str, service: str) -> str:
    """The folder of a service below the root."""
    return "/".join([*path_names(root.strip("/")), *path_names(service)])


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
