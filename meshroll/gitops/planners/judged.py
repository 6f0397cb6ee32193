"""What the lint says of the files around a service, as they will be after a plan's edits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from meshroll.errors import BadInputError
from meshroll.gitops.planners.files import Files
from meshroll.gitops.planners.workloads import objects
from meshroll.gitops.plans import Finding
from meshroll.manifests.lint import NOT_JUDGED, Flaw, Severity, lint
from meshroll.yamltext import Text, join, parse

MAX_FILES = 5000
NOT_FOUND = "not-found-here"
_NAMED = 3  # files that a note names


def lint_findings(files: Files, service: str, contents: Mapping[str, bytes]) -> list[Finding]:
    """What does not fit together among the objects below a path, and what was not judged.

    Only what concerns an object in a file that names the service, or that is edited, is spoken of. `contents` are the
    edited files by path.
    """
    reason, every_text = _not_judged(files), []
    try:
        every_text = [] if reason else list(files.mentioning(""))
    except BadInputError as error:  # a single file that is not a manifest, where a field names another
        reason = str(error)
    if reason:
        return [_note(service, reason, files.path)]
    texts = [parse(contents[text.where], text.where) if text.where in contents else text for text in every_text]
    near = {text.where for text in files.mentioning(service)} | contents.keys()
    every = [(text, join(tokens), item) for text in texts for tokens, item in objects(text)]
    flaws = lint([item for _, _, item in every], [text.where for text, _, _ in every])
    found = []
    for flaw in flaws:
        if files.single and flaw.rule.id == NOT_FOUND:
            continue  # nothing but this file was looked at
        if any(every[number][0].where in near for number in (flaw.number, *flaw.related)):
            found.append(_finding(flaw, service, every[flaw.number][0], every[flaw.number][1], files.path))
    return found + list(_unread(files, service, texts))


def _finding(flaw: Flaw, service: str, text: Text, pointer: str, path: str) -> Finding:
    below = f" (below {path or '/'})" if flaw.rule.severity is Severity.NOTE else ""
    line = text.line(f"{pointer}{flaw.pointer}")
    message = f"{flaw}{below}"
    return Finding("lint", message, service, text.where, line, flaw.rule.id, flaw.severity.value, flaw.pointer)


def _not_judged(files: Files) -> str:
    """Why nothing below the path can be judged; empty where it can."""
    kustomizations = [text.where for text in files.kustomizations()]
    if kustomizations:
        return f"what Kustomize makes of the files is not known: {_names(kustomizations)}"
    if len(files.entries) > MAX_FILES:
        return f"there are {len(files.entries)} files below {files.path or '/'}, and at most {MAX_FILES} are looked at"
    return ""


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
