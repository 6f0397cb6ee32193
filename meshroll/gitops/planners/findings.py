"""What a reviewer should know of a change in files that people wrote: what disagrees, what stays, what follows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from meshroll.errors import BadInputError
from meshroll.gitops.planners.files import Files
from meshroll.gitops.planners.locations import Location
from meshroll.gitops.planners.workloads import objects
from meshroll.gitops.plans import Finding
from meshroll.manifests.index import title
from meshroll.manifests.lint import lint
from meshroll.yamltext import join_pointer

FINDINGS = ("fields-disagree", "image-unchanged", "left-out", "lint", "unreadable")
MAX_LINTED = 100


def findings(service: str, version: str, places: Sequence[Location], changed: Collection[str]) -> list[Finding]:
    """Fields that do not agree before the change, and a label that changes while the image does not."""
    found = []
    versions = {place.version for place in places}
    if None in versions or len(versions) > 1:
        held = ", ".join(f"{place.description} is {place.scalar.text!r} ({place.at})" for place in places)
        message = f"the fields do not agree: {held}" if len(places) > 1 else f"the pattern does not fit: {held}"
        found.append(Finding("fields-disagree", message, service, places[0].text.where, places[0].scalar.line))
    labels = [place for place in places if place.field.kind == "label" and place.pointer in changed]
    if labels and all(place.field.kind == "label" for place in places if place.pointer in changed):
        found += _images_left(service, version, labels[0])
    return found


def left_out(service: str, paths: Iterable[tuple[str, str]]) -> list[Finding]:
    """The clusters in which a service does not change, each with its reason."""
    return [Finding("left-out", f"{path} is left out: {reason}", service, path) for path, reason in paths]


def unreadable(files: Files, service: str) -> list[Finding]:
    """Files that name the service and cannot be read: what they hold of it is not known."""
    return [Finding("unreadable", f"it was passed over: {error}", service) for error in files.troubles(service)]


def lint_findings(files: Files, service: str) -> list[Finding]:
    """What does not fit together among the objects around a service; what a kustomization makes of them is not known.

    Only objects in files that name the service are judged, and a single file or a large folder is not.
    """
    if files.single or len(files.entries) > MAX_LINTED or any(files.kustomizations()):
        return []
    every = [(text, tokens, item) for text in files.mentioning("") for tokens, item in objects(text)]
    try:
        problems = lint([item for _, _, item in every])
    except (KeyError, TypeError, ValueError, AttributeError, BadInputError):
        return []  # something is not an object at all: the cluster reports what
    near = {text.where for text in files.mentioning(service)}
    places = {
        title(item): (text.where, text.line(join_pointer(tokens))) for text, tokens, item in every if text.where in near
    }
    return [
        Finding("lint", f"{problem} (below {files.path or '/'})", service, *places[problem.file])
        for problem in problems
        if problem.file in places
    ]


def _images_left(service: str, version: str, label: Location) -> list[Finding]:
    if label.workload is None:
        return []
    images = [str(label.text.value(pointer)) for _, pointer, stays in label.workload.containers() if stays]
    if not images:
        return []
    message = f"{label.description} becomes {version}, and the image stays {', '.join(images)}"
    return [Finding("image-unchanged", message, service, label.text.where, label.scalar.line)]
