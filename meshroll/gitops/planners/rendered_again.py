"""The files of rendered services as they will be after a plan's edits, read from Git and from the plan alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from meshroll.errors import BadInputError
from meshroll.gitops.git import Remote, Transport, TreeEntry, Trees, fetch_base, open_cache, retried, tree_of
from meshroll.gitops.planners.rendered import FILE_MODE, blobs, folder_of
from meshroll.gitops.plans import Plan
from meshroll.manifests.templates import MARKER


def files_after(
    remote: Remote, root: str, services: Iterable[str], plan: Plan, *, cache: Path | None = None
) -> dict[str, dict[str, str]]:
    """File name to text for each service below `root`: those in Git at the plan's base, with its edits made.

    Raises BadInputError for a file that is not a rendered one.
    """
    names = tuple(services)

    def read() -> dict[str, dict[str, str]]:
        with open_cache(remote, cache) as git:
            trees, tree = Trees(git), tree_of(git, fetch_base(Transport(git, remote), plan.base))
            found: dict[str, dict[str, str]] = {}
            for service in names:
                before = {file: oid for (file, _), oid in blobs(trees, tree, root, service).items()}
                now = {file: trees.read(TreeEntry(FILE_MODE, "blob", oid), file) for file, oid in before.items()}
                found[service] = _edited(now, f"{folder_of(root, service)}/", plan)
            return found

    return retried(read)


def _edited(now: Mapping[str, bytes], folder: str, plan: Plan) -> dict[str, str]:
    files = dict(now)
    for edit in plan.edits:
        if not edit.file.startswith(folder):
            continue
        if edit.new:
            files[edit.file] = plan.contents[edit.file]
        else:
            files.pop(edit.file, None)
    return {file.removeprefix(folder): _rendered(content, file) for file, content in sorted(files.items())}


def _rendered(content: bytes, file: str) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text.startswith(MARKER):
        raise BadInputError(
            "it is not a rendered file", where=file, expected=f"one that begins with {MARKER.strip()!r}"
        )
    return text
