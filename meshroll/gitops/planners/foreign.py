"""Applications of Argo CD that are in the repository itself, and whether they leave a canary of the plan alone.

Nobody's stack makes these. They are looked for where people put them: beside the folders above the planned files, and
in folders there that are called after Argo CD or its Applications.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from meshroll.errors import BadInputError
from meshroll.gitops.git import TREE, Git, Remote, TreeEntry, Trees, open_cache, retried, tree_of
from meshroll.gitops.planners.applied import applied_in
from meshroll.gitops.planners.contents import KUSTOMIZATIONS, is_below, is_manifest
from meshroll.gitops.planners.workloads import objects
from meshroll.gitops.plans import Finding, Plan
from meshroll.manifests.argocd import ignore_differences, not_ignored
from meshroll.manifests.index import at
from meshroll.yamltext import join_pointer, parse

IGNORE: Final = "ignore-differences"
MAX_FILES: Final = 200  # that are looked into
_FOLDERS = re.compile(r"argo.*|apps?|applications?|bootstrap", re.IGNORECASE)
_APPLICATION = re.compile(rb"""kind["']?\s*:\s*["']?Application(Set)?\b""")
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}")
_TEMPLATE = ("spec", "template")


@dataclass(frozen=True)
class _Application:
    """An Application, or an ApplicationSet's template of some, and its place."""

    kind: str
    name: str
    spec: Mapping[str, Any]
    file: str
    line: int

    def folders(self, file: str) -> Iterator[tuple[str, bool]]:
        """The folders of its sources that hold a file, and whether Argo CD applies the files there as they are."""
        sources = self.spec.get("sources")
        for source in sources if isinstance(sources, list) else [self.spec.get("source")]:
            path = at(source, "path")
            if isinstance(path, str) and (folder := _holding(path.strip("./"), file)) is not None:
                yield folder, not any(at(source, key) for key in ("helm", "kustomize", "plugin"))

    def patch(self, entries: list[Any]) -> str:
        """A merge patch that gives it these entries beside its own."""
        spec: dict[str, Any] = {"ignoreDifferences": [*self.ignored, *entries]}
        whole = {"spec": spec} if self.kind == "Application" else {"spec": {"template": {"spec": spec}}}
        return json.dumps(whole, ensure_ascii=False)

    @property
    def ignored(self) -> list[Any]:
        """Its entries now."""
        found = self.spec.get("ignoreDifferences")
        return found if isinstance(found, list) else []


def application_findings(remote: Remote, plan: Plan, *, cache: Path | None = None) -> tuple[Finding, ...]:
    """A finding, with the patch, for each Application in the repository that would undo a canary of the plan."""
    if not plan.edits:
        return ()

    def read() -> tuple[Finding, ...]:
        with open_cache(remote, cache) as git:
            trees, tree = Trees(git), tree_of(git, plan.base)
            files = {edit.file for edit in plan.edits}
            found = [
                finding
                for application in _applications(trees, tree, files)
                for finding in _findings(git, trees, tree, application, files)
            ]
            return tuple(dict.fromkeys(found))

    return retried(read)


def _findings(git: Git, trees: Trees, tree: str, application: _Application, files: set[str]) -> Iterator[Finding]:
    for folder, plain in dict.fromkeys(pair for file in sorted(files) for pair in application.folders(file)):
        applied = applied_in(git, trees, tree, folder)
        if not ignore_differences(applied.objects):
            continue
        known = plain and not applied.built and not applied.troubles
        missing = not_ignored(ignore_differences(applied.objects, known=known), application.ignored)
        if missing:
            kinds = " and ".join(dict.fromkeys(entry["kind"] for entry in missing))
            message = (
                f"{application.kind} {application.name} would undo what Argo Rollouts writes into {kinds} while a "
                f"canary runs; patch it with {application.patch(missing)}"
            )
            yield Finding(IGNORE, message, "", application.file, application.line)


def _applications(trees: Trees, tree: str, files: set[str]) -> Iterator[_Application]:
    places = _places(trees, tree, files)
    trees.read_ahead(places.values())
    for file, entry in places.items():
        with suppress(BadInputError):  # it is somebody's, and not what is planned
            content = trees.read(entry, file)
            text = parse(content if _APPLICATION.search(content) else b"", file)
            for tokens, item in objects(text):
                inner = at(item, *_TEMPLATE, "spec") if item["kind"] == "ApplicationSet" else item.get("spec")
                argo = str(item.get("apiVersion") or "").startswith("argoproj.io/")
                if argo and item["kind"] in ("Application", "ApplicationSet") and isinstance(inner, Mapping):
                    yield _Application(
                        item["kind"], item["metadata"]["name"], inner, file, text.line(join_pointer(tokens))
                    )


def _places(trees: Trees, tree: str, files: set[str]) -> dict[str, TreeEntry]:
    """The manifests that may be Applications, at most MAX_FILES."""
    above = {"/".join(file.split("/")[:depth]) for file in files for depth in range(file.count("/") + 1)}
    found: dict[str, TreeEntry] = {}
    for folder in sorted(above):
        top = trees.find(tree, folder)
        for name, entry in trees.entries(top.oid).items() if top is not None and top.kind == TREE else ():
            path = f"{folder}/{name}".lstrip("/")
            if entry.is_file and is_manifest(name):
                found[path] = entry
            elif entry.kind == TREE and _FOLDERS.fullmatch(name):
                with suppress(BadInputError):  # more files than anybody's Applications
                    found |= {file: item for file, item in trees.files(tree, path) if is_manifest(file)}
    names = [file for file in sorted(found) if file.rpartition("/")[2] not in KUSTOMIZATIONS]
    return {file: found[file] for file in names[:MAX_FILES]}


def _holding(path: str, file: str) -> str | None:
    """The folder of a source's path that holds a file; a placeholder of an ApplicationSet stands for any name."""
    if "{{" not in path:
        return path if is_below(file, path) else None
    parts = _PLACEHOLDER.split(path)
    if not any(part.strip("/") for part in parts):
        return None  # it may be any folder
    match = re.match("[^/]+".join(map(re.escape, parts)) + "(?=/)", file)
    return match[0] if match else None
