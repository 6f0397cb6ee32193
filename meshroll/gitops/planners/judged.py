"""What the lint says of the files around a service, as they will be after a plan's edits."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from meshroll.errors import BadInputError
from meshroll.gitops.git import Trees
from meshroll.gitops.planners.files import Files
from meshroll.gitops.planners.kustomize import named_folders
from meshroll.gitops.planners.kustomize_tool import MAX_FILES, NotBuiltError, build
from meshroll.gitops.planners.occurrences import roots
from meshroll.gitops.planners.rollouts_plugin import ask_plugin
from meshroll.gitops.planners.workloads import objects
from meshroll.gitops.plans import Finding
from meshroll.manifests.lint import NOT_JUDGED, PLUGIN, Flaw, Options, Severity, lint
from meshroll.yamltext import Text, join_pointer, parse

NOT_FOUND = "not-found-here"
_NAMED = 3  # files that a note names
_AS_BUILT = "as Kustomize builds"
MAX_BUILDS = 20  # of a fifth of a second each


@dataclass(frozen=True)
class After:
    """A tree as it will be after a plan's edits."""

    trees: Trees
    tree: str
    contents: Mapping[str, bytes]  # of the edited files, by path
    options: Options = field(default_factory=Options)  # from the stack

    def text(self, text: Text) -> Text:
        """A file as it will be."""
        return parse(self.contents[text.where], text.where) if text.where in self.contents else text


def lint_findings(files: Files, service: str, after: After) -> list[Finding]:
    """What does not fit together among the objects below a path, and what was not judged.

    Only what concerns an object in a file that names the service, or that is edited, is spoken of. Folders that
    Kustomize builds are judged each by itself, as built; the files beside them as they stand.
    """
    try:
        folders = roots(files)
        found = list(_plain(files, service, after))
    except BadInputError as error:  # a single file that is not a manifest, where a field names another
        return [_note(service, str(error), files.path)]
    except NotBuiltError as error:
        return [_note(service, str(error), files.path)]
    near = {text.where for text in files.mentioning(service)} | after.contents.keys()
    concerned = [folder for folder in folders if folder == files.path or _takes_in(files, folder, near)]
    for folder in concerned[:MAX_BUILDS]:
        try:
            found += _built(service, after, folder, _kustomization(files, folder))
        except NotBuiltError as error:
            found.append(_note(service, str(error), folder))
    if left := concerned[MAX_BUILDS:]:
        message = f"{_names(left)}, since at most {MAX_BUILDS} kustomizations are built"
        found.append(_note(service, message, files.path))
    return found


def depends_on_tools(finding: Finding) -> bool:
    """Whether a finding depends on the tools on PATH, so that another machine may come to another one."""
    if finding.kind != "lint":
        return False
    return finding.rule in {PLUGIN.id, NOT_JUDGED.id} or f"({_AS_BUILT} " in finding.message


def _plain(files: Files, service: str, after: After) -> Iterator[Finding]:
    """What is found in the files that no kustomization takes in."""
    if files.kustomization(files.path) is not None:
        return
    taken = {path for text in files.kustomizations() for path in _reached(files, text.where.rpartition("/")[0])}
    texts = [after.text(text) for text in files.mentioning("") if not _is_in(text.where, taken)]
    if len(texts) > MAX_FILES:
        raise NotBuiltError(f"there are {len(texts)} files, and at most {MAX_FILES} are looked at")
    near = {text.where for text in files.mentioning(service)} | after.contents.keys()
    every = [(text, join_pointer(tokens), item) for text in texts for tokens, item in objects(text)]
    places = [text.where for text, _, _ in every]
    bodies = [item for _, _, item in every]
    for flaw in [*lint(bodies, places, options=after.options), *ask_plugin(bodies, places, after.options)]:
        if files.single and flaw.rule.id == NOT_FOUND:
            continue  # nothing but this file was looked at
        if any(every[number][0].where in near for number in (flaw.number, *flaw.related)):
            text, pointer, _ = every[flaw.number]
            line = text.line(f"{pointer}{flaw.pointer}")
            yield _finding(flaw, service, text.where, line, f"below {files.path or '/'}")
    yield from _malformed(service, [text for text in texts if text.where in near])
    yield from _unread(files, service, [*texts, *files.kustomizations()], taken)


def _built(service: str, after: After, folder: str, kustomization: str) -> Iterator[Finding]:
    """The same of what Kustomize makes of a folder."""
    built = build(after.trees, after.tree, folder, after.contents)
    every = [item for _, item in objects(built.text)]
    near = [service in json.dumps(item, default=str) for item in every]
    for flaw in [*lint(every, options=after.options), *ask_plugin(every, (), after.options)]:
        if any(near[number] for number in (flaw.number, *flaw.related)):
            yield _finding(flaw, service, kustomization, 0, f"{_AS_BUILT} {folder or '/'}")
    for reason in built.left_out:
        yield _note(service, reason, folder)


def _kustomization(files: Files, folder: str) -> str:
    """The file of a folder's kustomization."""
    text = files.kustomization(folder)
    return text.where if text is not None else folder


def _takes_in(files: Files, folder: str, names: Collection[str]) -> bool:
    reached = _reached(files, folder)
    return any(_is_in(name, reached) for name in names)


def _reached(files: Files, folder: str) -> set[str]:
    """The folders and files that a kustomization takes in, and its own folder."""
    reached: set[str] = set()
    ahead = [folder]
    while ahead:
        path = ahead.pop()
        text = files.kustomization(path) if path not in reached else None
        reached.add(path)
        if text is not None:
            ahead += named_folders(text, path)
    return reached


def _is_in(file: str, paths: Collection[str]) -> bool:
    """Whether a file is one of the paths, or below one."""
    parts = file.split("/")
    return any("/".join(parts[:length]) in paths for length in range(len(parts) + 1))


def _finding(flaw: Flaw, service: str, file: str, line: int, where: str) -> Finding:
    message = f"{flaw} ({where})" if flaw.rule.severity is Severity.NOTE or not line else str(flaw)
    return Finding("lint", message, service, file, line, flaw.rule.id, flaw.severity.value, flaw.pointer)


def _malformed(service: str, texts: Sequence[Text]) -> Iterator[Finding]:
    """A note of each object whose kind or name is not a text: nothing can be known of it."""
    for text in texts:
        for index, document in enumerate(text.documents):
            if not isinstance(document, dict) or not {"apiVersion", "kind", "metadata"} <= document.keys():
                continue
            metadata = document["metadata"]
            name = (metadata.get("name") or metadata.get("generateName")) if isinstance(metadata, dict) else metadata
            if not isinstance(document["kind"], str) or (name is not None and not isinstance(name, str)):
                line = text.line(join_pointer((index, "kind")))
                yield _note(
                    service, f"the kind or the name of an object is not a text ({text.where}:{line})", text.where
                )


def _unread(files: Files, service: str, texts: Sequence[Text], taken: Collection[str]) -> Iterator[Finding]:
    """A note of the files that are not YAML, or too long, and that no other finding names."""
    named = {error.where.partition(":")[0] for error in files.troubles(service) if error.where}
    rest = files.entries.keys() - {text.where for text in texts} - named
    unread = sorted(file for file in rest if not _is_in(file, taken))
    if unread:
        yield _note(service, f"{_names(unread)} cannot be read as YAML", files.path)


def _note(service: str, message: str, path: str) -> Finding:
    return Finding("lint", f"not judged: {message} [{NOT_JUDGED.id}]", service, path, 0, NOT_JUDGED.id, "note")


def _names(files: Sequence[str]) -> str:
    more = len(files) - _NAMED
    return ", ".join(files[:_NAMED]) + (f" and {more} more" if more > 0 else "")
