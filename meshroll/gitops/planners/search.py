"""Finding the places of a service's version in files that people wrote: the fields named, or the one meant anyway.

Without fields each workload of the service says where its version stands: its pod label `version` if it has one, else
the image of its only container or of the one named like the service, where the kustomization that builds it sets that
last. Without any workload it is the kustomization image of the service's name, which counts beside one too where its
kustomization builds something that is not in the repository. Nothing is guessed between two equally good places: the
error lists them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from meshroll.errors import BadInputError
from meshroll.gitops.planners.files import NothingFoundError
from meshroll.gitops.planners.image_entries import kustomize_images, without_tag
from meshroll.gitops.planners.kustomize import takes_from_elsewhere
from meshroll.gitops.planners.locations import (
    Location,
    Readable,
    candidates,
    entries_called,
    located,
    way_there,
)
from meshroll.gitops.planners.occurrences import Occurrence, occurrences, roots
from meshroll.gitops.planners.overridden import effective
from meshroll.gitops.planners.proposals import proposals
from meshroll.gitops.planners.workloads import Workload, workloads
from meshroll.settings.fields import Field

LABEL, IMAGE = Field("label", "version"), Field("image", "")
MAX_LISTED = 8


def find(files: Readable, service: str, fields: Sequence[Field] = ()) -> tuple[Location, ...]:
    """The places of a service's version. Raises BadInputError, NothingFoundError."""
    if fields:
        return tuple(_named(files, service, field) for field in fields)
    found = occurrences(files, service)
    groups = [group for each in found for group in _meant(files, each, service)]
    built = {each.root for each in found}
    groups += [(place,) for place in entries_called(files, service) if not groups or _elsewhere(files, place, built)]
    distinct = list({(group[0].text.where, group[0].pointer): group for group in groups}.values())
    if len(distinct) > 1:
        raise _ambiguous(files, service, [group[0] for group in distinct])
    if not distinct:
        untagged = None if occurrences(files, service) else without_tag(files, service)
        raise untagged or _nothing(files, service, f"nothing holds the version of {service}")
    return distinct[0]


def _elsewhere(files: Readable, place: Location, built: Collection[str | None]) -> bool:
    """Whether an entry may set the image of a workload of the service that the repository does not hold.

    So it is where Argo CD would build its kustomization, that builds none of the service's workloads here, and what it
    builds is, at least in part, not here.
    """
    folder = place.text.where.rpartition("/")[0]
    return folder in roots(files) and folder not in built and takes_from_elsewhere(place.text)


def _meant(files: Readable, found: Occurrence, service: str) -> list[tuple[Location, ...]]:
    """The places that hold a workload's version, each with those that must change with it: containers of its image."""
    if label := found.built.labels.get("version"):
        return [(located(files, LABEL, label, found),)]
    groups = []
    for main in found.main(service):
        place = located(files, IMAGE, main.winner, found)
        alike = [one for one in found.built.containers if one.image == main.image and one is not main]
        others = [located(files, IMAGE, one.winner, found) for one in alike]
        together = [other for other in others if other.version == place.version]
        groups.append(tuple({(each.text.where, each.pointer): each for each in (place, *together)}.values()))
    return groups


def _named(files: Readable, service: str, field: Field) -> Location:
    found = list({(place.text.where, place.pointer): place for place in candidates(files, service, field)}.values())
    if field.kind not in ("label", "image"):  # which follow what is set last
        found = effective(files, found)
    if len(found) > 1:
        raise _ambiguous(files, service, found)
    if not found:
        way = f": {far}" if (far := way_there(files, field)) else ""
        untagged = without_tag(files, service, field) if field.kind == "kustomize" else None
        raise untagged or _nothing(files, service, f"there is no {field} for {service}{way}")
    return found[0]


def _ambiguous(files: Readable, service: str, found: Sequence[Location]) -> BadInputError:
    return BadInputError(
        f"the version of {service} could be in {len(found)} places: {_listed(str(place) for place in found)}",
        where=files.path or "/",
        expected="a narrower path, or fields that name one",
    )


def _nothing(files: Readable, service: str, what: str) -> BadInputError:
    where = files.path or "/"
    own = [found.workload for found in occurrences(files, service)]
    if not own and (troubles := files.troubles(service)):
        return troubles[0]
    if not own and (links := [link for link, _ in files.links(service)]):
        behind = _listed(f"{link.path} is {link.what}" for link in links)
        remedies = " or ".join(dict.fromkeys(link.remedy for link in links[:MAX_LISTED]))
        return NothingFoundError(f"{what}; {behind}, and not followed", where=where, expected=remedies)
    if not own:
        for item in workloads(files.mentioning(service)):
            if item.name == service:
                return _not_built(item, where)
    containers = [f"container {name} ({item.text.place(at)})" for item in own for name, at, _ in item.containers()]
    images_ = [
        f"kustomization image {name} ({text.place(at)})"
        for text in files.kustomizations()
        for name, at in kustomize_images(text)
    ]
    seen = [*containers, *images_] or [str(item) for item in workloads(files.mentioning(""))]
    listed = f"; what there is: {_listed(seen)}" if seen else ""
    if proposed := proposals(files, service):
        return NothingFoundError(what + listed, where=where, expected=f"a field such as {', '.join(proposed)}")
    return NothingFoundError(what + listed, where=where, expected="fields that say where, or another path")


def _not_built(workload: Workload, where: str) -> BadInputError:
    if workload.reference is not None:
        kind, name = workload.reference
        return NothingFoundError(
            f"{workload} takes its pods from {kind} {name}, which is not there", where=where, expected="a wider path"
        )
    return NothingFoundError(
        f"{workload} is not named by the kustomization that builds this folder",
        where=where,
        expected="its file among the kustomization's resources, or another path",
    )


def _listed(texts: Iterable[str]) -> str:
    every = list(texts)
    more = f" and {len(every) - MAX_LISTED} more" if len(every) > MAX_LISTED else ""
    return ", ".join(every[:MAX_LISTED]) + more
