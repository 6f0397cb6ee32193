"""What the lint says of the files around a service, as they will be after a plan's edits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from meshroll.errors import BadInputError
from meshroll.gitops.git import Trees
from meshroll.gitops.planners.files import Files
from meshroll.gitops.planners.kustomize_tool import MAX_FILES, NotBuiltError, build
from meshroll.gitops.planners.occurrences import roots
from meshroll.gitops.planners.workloads import objects
from meshroll.gitops.plans import Finding
from meshroll.manifests.lint import NOT_JUDGED, Flaw, Options, Severity, lint
from meshroll.yamltext import Text, join_pointer, parse

NOT_FOUND = "not-found-here"
_NAMED = 3  # files that a note names


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

    Only what concerns an object in a file that names the service, or that is edited, is spoken of.
    """
    try:
        kustomizations = [text.where for text in files.kustomizations()]
        if kustomizations:
            return _built(files, service, after, kustomizations)
        if len(files.entries) > MAX_FILES:
            raise NotBuiltError(f"there are {len(files.entries)} files, and at most {MAX_FILES} are looked at")
        texts = [after.text(text) for text in files.mentioning("")]
    except BadInputError as error:  # a single file that is not a manifest, where a field names another
        return [_note(service, str(error), files.path)]
    except NotBuiltError as error:
        return [_note(service, str(error), files.path)]
    near = {text.where for text in files.mentioning(service)} | after.contents.keys()
    every = [(text, join_pointer(tokens), item) for text in texts for tokens, item in objects(text)]
    places = [text.where for text, _, _ in every]
    flaws = lint([item for _, _, item in every], places, options=after.options)
    found = []
    for flaw in flaws:
        if files.single and flaw.rule.id == NOT_FOUND:
            continue  # nothing but this file was looked at
        if any(every[number][0].where in near for number in (flaw.number, *flaw.related)):
            text, pointer, _ = every[flaw.number]
            line = text.line(f"{pointer}{flaw.pointer}")
            found.append(_finding(flaw, service, text.where, line, f"below {files.path or '/'}"))
    return found + list(_unread(files, service, texts))


def _built(files: Files, service: str, after: After, kustomizations: Sequence[str]) -> list[Finding]:
    """The same of what Kustomize makes of the folder."""
    if roots(files) != [files.path]:
        reason = "Kustomize builds from the folders below, of which it is not known which ones are applied"
        raise NotBuiltError(f"{reason}: {_names(kustomizations)}")
    root = next(file for file in kustomizations if file.rpartition("/")[0] == files.path)
    text = build(after.trees, after.tree, files.path, after.contents)
    every = [item for _, item in objects(text)]
    near = [service in json.dumps(item, default=str) for item in every]
    return [
        _finding(flaw, service, root, 0, f"as Kustomize builds {files.path or '/'}")
        for flaw in lint(every, options=after.options)
        if any(near[number] for number in (flaw.number, *flaw.related))
    ]


def _finding(flaw: Flaw, service: str, file: str, line: int, where: str) -> Finding:
    message = f"{flaw} ({where})" if flaw.rule.severity is Severity.NOTE or not line else str(flaw)
    return Finding("lint", message, service, file, line, flaw.rule.id, flaw.severity.value, flaw.pointer)


def _unread(files: Files, service: str, texts: Sequence[Text]) -> Iterator[Finding]:
    """A note of the files that are not YAML, or too long, and that no other finding names."""
    named = {error.where.partition(":")[0] for error in files.troubles(service) if error.where}
    unread = sorted(files.entries.keys() - {text.where for text in texts} - named)
    if unread:
        yield _note(service, f"{_names(unread)} cannot be read as YAML", files.path)


def _note(service: str, message: str, path: str) -> Finding:
    return Finding("lint", f"not judged: {message} [{NOT_JUDGED.id}]", service, path, 0, NOT_JUDGED.id, "note")


def _names(files: Sequence[str]) -> str:
    more = len(files) - _NAMED
    return ", ".join(files[:_NAMED]) + (f" and {more} more" if more > 0 else "")
