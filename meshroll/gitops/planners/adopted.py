"""Plans for adopted repositories: files that people wrote, where only the scalars that hold a version change.

A service is looked for below a path, a folder or a file. In it `{service}` is its name and `{cluster}`, where no
cluster is given, every folder there. All places of all services change in one commit or none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meshroll.errors import BadInputError
from meshroll.gitops.git import (
    LINKS,
    TREE,
    Git,
    LinkError,
    Remote,
    Transport,
    TreeEntry,
    Trees,
    fetch_base,
    fetch_commit,
    open_cache,
    path_names,
    retried,
    tree_of,
    unified,
)
from meshroll.gitops.planners.canaries import canaries
from meshroll.gitops.planners.contents import is_manifest
from meshroll.gitops.planners.feeds import refuse_expression
from meshroll.gitops.planners.files import Files, NothingFoundError
from meshroll.gitops.planners.findings import findings, left_out, unreadable
from meshroll.gitops.planners.judged import After, lint_findings
from meshroll.gitops.planners.links import link_at
from meshroll.gitops.planners.locations import Location
from meshroll.gitops.planners.search import MAX_LISTED, find
from meshroll.gitops.plans import Canary, Edit, Finding, Plan, ServiceSettings, VersionChange, anchor
from meshroll.manifests.lint import Options
from meshroll.settings.fields import Field
from meshroll.yamltext import SharedValueError, replace_scalars

CLUSTER, SERVICE = "{cluster}", "{service}"


@dataclass(frozen=True)
class DesiredVersion:
    """A service, the version it should have, and the fields that hold it; without any, the one meant anyway."""

    service: str
    version: str
    fields: tuple[Field, ...] = ()


def plan(
    remote: Remote,
    path: str,
    desired: Sequence[DesiredVersion],
    *,
    exact: bool = False,
    cache: Path | None = None,
    options: Options | None = None,
    at: str | None = None,
) -> Plan:
    """What must change for every service to have its version. Nothing is written but the private cache.

    `options` are the lint's, from the stack. `at` is the id of another commit of the branch than the newest.

    Raises BadInputError for a service whose places are not found or not clear, and what reaching the server raises.
    """
    return retried(lambda: _plan(remote, path, desired, exact, cache, options or Options(), at))


def read_versions(
    remote: Remote, path: str, desired: Sequence[DesiredVersion], *, at: str = "", cache: Path | None = None
) -> tuple[str, dict[str, str | None]]:
    """The branch's commit (empty without any ref) and the version of each service in it, None where there is none.

    The version is that of the first field and of the first cluster. `at` is the id of another commit of
    the branch: see `fetch_commit`.
    """

    def read() -> tuple[str, dict[str, str | None]]:
        with open_cache(remote, cache) as git:
            head = fetch_commit(Transport(git, remote), at)
            search = _Search(git, Trees(git), tree_of(git, head), path)
            return head, {each.service: search.version(each) for each in desired}

    return retried(read)


def texts(git: Git, trees: Trees, tree: str, path: str, desired: DesiredVersion) -> dict[tuple[str, str], str]:
    """The scalars that hold a service's version in a tree, as addressed values: see `values`. Empty where none do."""
    try:
        found = _Search(git, trees, tree, path).places(desired)
    except NothingFoundError:
        return {}
    return {
        (place.text.where, anchor(place.text, place.pointer)): place.scalar.text
        for _, places in found
        for place in places
    }


class _Search:
    """One commit, and what has been read of it."""

    def __init__(self, git: Git, trees: Trees, tree: str, path: str) -> None:
        self._git, self._trees, self._tree, self._path = git, trees, tree, _plain(path)
        self._files: dict[str, Files] = {}
        self.left_out: dict[str, list[tuple[str, str]]] = {}  # by service: a cluster's path and why it is left out

    def places(self, desired: DesiredVersion) -> list[tuple[Files, tuple[Location, ...]]]:
        """The places of a service and where they were looked for, for each cluster's folder that has it."""
        paths = self._paths(self._path.replace(SERVICE, desired.service), desired.service)
        found = []
        nothing: NothingFoundError | None = None
        for path in paths:
            try:
                files = self._below(path)
                found.append((files, find(files, desired.service, desired.fields)))
            except NothingFoundError as error:
                nothing = nothing or error
                if CLUSTER not in self._path:
                    raise
                self.leave_out(desired.service, path, error.what)
        if nothing and not found:
            raise nothing
        return found

    def version(self, desired: DesiredVersion) -> str | None:
        """The version in Git; None where it is not clear, which the next plan explains."""
        try:
            return self.places(desired)[0][1][0].version_like(desired.version)
        except BadInputError:
            return None

    def _below(self, path: str) -> Files:
        if path not in self._files:
            self._files[path] = Files(self._git, self._trees, self._tree, path)
        return self._files[path]

    def leave_out(self, service: str, path: str, reason: str) -> None:
        """Remember a cluster's path in which nothing changes, and why."""
        self.left_out.setdefault(service, []).append((path.strip("/"), reason))

    def _paths(self, path: str, service: str) -> list[str]:
        names = path.strip("/").split("/")
        at = next((index for index, name in enumerate(names) if CLUSTER in name), None)
        if at is None:
            path_names(path.strip("/"))
            return [path]
        before, after = names[at].split(CLUSTER, 1)
        above = self._trees.find(self._tree, "/".join(names[:at]))
        entries = self._trees.entries(above.oid) if above and above.kind == TREE else {}
        pattern = re.compile(re.escape(before) + "(.+)" + re.escape(after).replace(re.escape(CLUSTER), r"\1"))
        whole = at == len(names) - 1  # then a cluster may be a file, but not the README beside the clusters
        real = sorted(
            name
            for name, entry in entries.items()
            if entry.kind == TREE or (whole and entry.is_file and is_manifest(name))  # no links
        )
        linked = [name for name, entry in entries.items() if entry.mode in LINKS]
        paths = []
        for name in sorted({*real, *linked}):
            if found := pattern.fullmatch(name):
                each = path.replace(CLUSTER, found[1])
                try:
                    if self._trees.find(self._tree, each.strip("/")) is not None:
                        paths.append(each)
                    else:
                        self.leave_out(service, each, "there is no such file or folder")
                except LinkError as error:
                    self.leave_out(service, each, link_at(self._trees, self._tree, error.link, error.entry).reason)
        if not paths:
            without = "".join(f"; {file}: {why}" for file, why in self.left_out.get(service, ())[:MAX_LISTED])
            raise NothingFoundError(f"nothing in the repository is where the clusters should be{without}", where=path)
        return paths


def _plan(
    remote: Remote,
    path: str,
    desired: Sequence[DesiredVersion],
    exact: bool,
    cache: Path | None,
    options: Options,
    at: str | None,
) -> Plan:
    with open_cache(remote, cache) as git:
        base = fetch_base(Transport(git, remote), at)
        if not base:
            raise BadInputError("the repository is empty", where=remote.where, expected="the files of the services")
        trees, tree = Trees(git), tree_of(git, base)
        search = _Search(git, trees, tree, path)
        changes: list[VersionChange] = []
        found: list[Finding] = []
        timeline: list[Canary] = []
        judged: list[tuple[Files, str]] = []
        edits: dict[tuple[str, str], Edit] = {}
        entries: dict[str, TreeEntry] = {}
        for each in desired:
            for files, places in search.places(each):
                for place in places:
                    refuse_expression(files, place.text, place.pointer, place.description)
                own = [edit for place in places if (edit := _edit(trees, tree, entries, each, place))]
                _add(edits, own)
                found += findings(each.service, each.version, places, {edit.pointer for edit in own})
                if not own and CLUSTER in path:
                    search.leave_out(each.service, files.path, f"it has {each.version} already")
                if own:
                    changes.append(
                        VersionChange(each.service, places[0].version_like(each.version), each.version, files.path)
                    )
                    timeline += canaries(files, each.service, places, each.version)
                    judged.append((files, each.service))
                found += unreadable(files, each.service)  # last: what was read by then is known
            found += left_out(each.service, search.left_out.get(each.service, ()))
        contents = _contents(trees, entries, edits)
        after = After(trees, tree, contents, options)
        found += [finding for files, service in judged for finding in lint_findings(files, service, after)]
        changed = {file: (entries[file].mode, trees.store(content)) for file, content in contents.items()}
        diff = unified(git, trees, tree, changed)
    return Plan(
        remote.url,
        remote.branch,
        base,
        tuple(sorted(edits.values())),
        tuple(dict.fromkeys(changes)),
        diff,
        contents,
        findings=tuple(dict.fromkeys(found)),
        timeline=tuple(dict.fromkeys(timeline)),
        exact=exact,
        settings={each.service: (ServiceSettings(_plain(path), tuple(map(str, each.fields))),) for each in desired},
    )


def _edit(
    trees: Trees, tree: str, entries: dict[str, TreeEntry], desired: DesiredVersion, place: Location
) -> Edit | None:
    file = place.text.where
    old, new = place.scalar, place.after(desired.version)
    if old.text == new and isinstance(old.value, str):  # what YAML reads as a number or a date is quoted
        return None
    if file not in entries:
        entry = trees.find(tree, file)
        if entry is None:
            raise BadInputError("the file is gone", where=file)
        entries[file] = entry
    named = anchor(place.text, place.pointer)
    return Edit(file, place.pointer, old.text, new, desired.service, old.line, entries[file].oid, named)


def _plain(path: str) -> str:
    """A path without what changes nothing in it: `./x/` is `x`, and `.` the root."""
    return "/".join(name for name in path.split("/") if name not in ("", "."))


def _add(edits: dict[tuple[str, str], Edit], own: Sequence[Edit]) -> None:
    for edit in own:
        other = edits.setdefault((edit.file, edit.pointer), edit)
        if other.new != edit.new:
            raise BadInputError(
                f"{other.service} wants {other.new} there and {edit.service} wants {edit.new}",
                where=f"{edit.file}:{edit.line} {edit.pointer}",
                expected="fields that differ",
            )


def _contents(
    trees: Trees, entries: Mapping[str, TreeEntry], edits: Mapping[tuple[str, str], Edit]
) -> dict[str, bytes]:
    wanted: dict[str, dict[str, str]] = {}
    for (file, pointer), edit in edits.items():
        wanted.setdefault(file, {})[pointer] = edit.new
    try:
        return {file: replace_scalars(trees.read(entries[file], file), texts, file) for file, texts in wanted.items()}
    except SharedValueError as error:
        raise _unless_all(error) from None


def _unless_all(error: SharedValueError) -> BadInputError:
    """The error for a value in several places, with the fields that name all of them."""
    fields = [str(Field("path", f"/{error.file}#{pointer.lstrip('/')}")) for pointer in error.pointers]
    together = f", or all of its places in one plan: the fields {', '.join(fields)}" if len(fields) > 1 else ""
    return BadInputError(error.what, where=error.where, expected=f"the value written out{together}")
