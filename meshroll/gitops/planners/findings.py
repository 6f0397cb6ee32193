"""What a reviewer should know of a change in files that people wrote: what disagrees, what stays, what follows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from meshroll.gitops.planners.files import Files
from meshroll.gitops.planners.locations import Location
from meshroll.gitops.plans import Finding

FINDINGS = ("fields-disagree", "image-unchanged", "left-out", "lint", "unreadable")


def findings(service: str, version: str, places: Sequence[Location], changed: Collection[str]) -> list[Finding]:
    """Fields that do not agree before the change, and a label that changes while the image does not."""
    found = []
    versions = {place.version_like(version) for place in places}
    filled = [place for place in places if place.scalar.value not in (None, "")]
    if len(versions) > 1 or (None in versions and filled):
        held = ", ".join(f"{place.description} is {place.scalar.text!r} ({place.at})" for place in places)
        message = f"{_disagreement(places)}: {held}"
        found.append(Finding("fields-disagree", message, service, places[0].text.where, places[0].scalar.line))
    labels = [place for place in places if place.field.kind == "label" and place.pointer in changed]
    if labels and all(place.field.kind == "label" for place in places if place.pointer in changed):
        found += _images_left(service, version, labels[0])
    return found


def _disagreement(places: Sequence[Location]) -> str:
    if len(places) > 1:
        return "the fields do not agree"
    return "it had no tag, so that any version may have run" if places[0].has_no_tag else "the pattern does not fit"


def left_out(service: str, paths: Iterable[tuple[str, str]]) -> list[Finding]:
    """The clusters in which a service does not change, each with its reason."""
    return [Finding("left-out", f"{path} is left out: {reason}", service, path) for path, reason in paths]


def unreadable(files: Files, service: str) -> list[Finding]:
    """Files that name the service and cannot be read, or are behind a link: what they hold of it is not known."""
    linked = [link.refusal() for link, known in files.links(service) if known]
    errors = [*files.troubles(service), *linked]
    return [Finding("unreadable", f"it was passed over: {error}", service) for error in errors]


def _images_left(service: str, version: str, label: Location) -> list[Finding]:
    if label.workload is None:
        return []
    images = [str(label.workload.text.value(pointer)) for _, pointer, stays in label.workload.containers() if stays]
    if not images:
        return []
    message = f"{label.description} becomes {version}, and the image stays {', '.join(images)}"
    return [Finding("image-unchanged", message, service, label.text.where, label.scalar.line)]
