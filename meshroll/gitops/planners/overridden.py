"""Whether the place that a field names counts: in a folder that kustomize builds, another one may be set after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from meshroll.errors import BadInputError
from meshroll.gitops.planners.kustomize import build
from meshroll.gitops.planners.kustomize_values import Built, Winner
from meshroll.gitops.planners.locations import Location
from meshroll.gitops.planners.occurrences import Below, roots

ALL = ""  # the name that occurs in every file


def effective(files: Below, found: Sequence[Location]) -> list[Location]:
    """The places of a field that nothing overrides. Raises BadInputError, with the winner, where there are none."""
    built = [item for folder in roots(files) for item in _built(files, folder)] if found else []
    winners = [overriding(built, place.text.where, place.pointer) for place in found]
    kept = [place for place, winner in zip(found, winners, strict=True) if winner is None]
    if found and not kept:
        place, winner = found[0], next(winner for winner in winners if winner is not None)
        raise refusal(place.description, place.at, winner)
    return kept


def _built(files: Below, folder: str) -> list[Built]:
    """Every workload that a folder's kustomization builds, none of one that cannot be followed: a field names more."""
    try:
        return build(files, folder, ALL)[0]
    except BadInputError:
        return []


def refusal(description: str, where: str, winner: Winner) -> BadInputError:
    """The error for a place whose value another one overrides."""
    field = f"path:/{winner.text.where}#{winner.pointer.lstrip('/')}"
    return BadInputError(
        f"a change of {description} would change nothing: {winner.what} ({winner.at}) is set after it",
        where=where,
        expected="a change by hand there" if winner.blocked else f"the field {field}",
    )


def overriding(built: Iterable[Built], file: str, pointer: str) -> Winner | None:
    """What sets the value of a place after it, in every workload that would have it; None where it counts in one."""
    winners = [winner for item in built for winner in item.winners]
    if any(winner.is_at(file, pointer) for winner in winners):
        return None
    return next((winner for winner in winners if winner.overrides(file, pointer)), None)
