"""Finding the places of a service's version in files that people wrote: the fields named, or the one meant anyway.

Without fields: the pod label `version` if there is one; else the one kustomization image whose name ends in the
service's name; else the image of the only container, or of the one named like the service. Nothing is guessed between
two equally good places: the error lists them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from meshroll.errors import BadInputError
from meshroll.gitops.planners.files import NothingFoundError
from meshroll.gitops.planners.locations import Location, Readable, candidates, kustomize_images, of_service
from meshroll.gitops.planners.workloads import workloads
from meshroll.settings.model import Field

DEFAULTS = (Field("label", "version"), Field("kustomize", ""), Field("image", ""))
MAX_LISTED = 8


def find(files: Readable, service: str, fields: Sequence[Field] = ()) -> tuple[Location, ...]:
    """The places of a service's version. Raises BadInputError, NothingFoundError."""
    if fields:
        return tuple(_named(files, service, field) for field in fields)
    for field in DEFAULTS:
        found = candidates(files, service, field)
        if len(found) > 1:
            raise _ambiguous(files, service, found)
        if found:
            return (found[0],)
    raise _nothing(files, service, f"nothing holds the version of {service}")


def _named(files: Readable, service: str, field: Field) -> Location:
    found = candidates(files, service, field)
    if len(found) > 1:
        raise _ambiguous(files, service, found)
    if not found:
        raise _nothing(files, service, f"there is no {field} for {service}")
    return found[0]


def _ambiguous(files: Readable, service: str, found: Sequence[Location]) -> BadInputError:
    return BadInputError(
        f"the version of {service} could be in {len(found)} places: {_listed(str(place) for place in found)}",
        where=files.path or "/",
        expected="a narrower path, or fields that name one",
    )


def _nothing(files: Readable, service: str, what: str) -> BadInputError:
    own = list(of_service(files, service))
    if not own and (troubles := files.troubles(service)):
        return troubles[0]
    containers = [f"container {name} ({item.text.place(at)})" for item in own for name, at, _ in item.containers()]
    images_ = [
        f"kustomization image {name} ({text.place(at)})"
        for text in files.kustomizations()
        for name, at in kustomize_images(text)
    ]
    seen = [*containers, *images_] or [str(item) for item in workloads(files.mentioning(""))]
    listed = f"; what there is: {_listed(seen)}" if seen else ""
    return NothingFoundError(what + listed, where=files.path or "/", expected="fields that say where, or another path")


def _listed(texts: Iterable[str]) -> str:
    every = list(texts)
    more = f" and {len(every) - MAX_LISTED} more" if len(every) > MAX_LISTED else ""
    return ", ".join(every[:MAX_LISTED]) + more
