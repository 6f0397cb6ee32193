"""The waves of a stack: which Releases and Applications belong to one, and that one commit moves no two of them."""

from __future__ import annotations

from meshroll.errors import BadInputError, Parameter, Phrase, Remedy
from meshroll.gitops.plans import Move, Plan, related
from meshroll.release.stack import application_name, release_groups
from meshroll.settings.model import Stack

WAVE = Parameter("wave", "N")
IN_TURN: Phrase = (WAVE, ", or ", Remedy("up"), ", which takes them in turn")


def releases_of_wave(stack: Stack, wave: int | None) -> dict[str, tuple[str, ...]]:
    """The Releases of a stack, or of one of its waves, and the clusters of each. Raises BadInputError."""
    count = max(1, len(stack.delivery.waves))
    if wave is not None and not 1 <= wave <= count:
        expected = f"1 to {count}" if count > 1 else "1, the only one"
        raise BadInputError(f"there is no wave {wave}", where=f"stack {stack.name}", expected=expected)
    groups = release_groups(stack).items()
    return {name: clusters for name, clusters in groups if wave in (None, stack.wave_of(clusters[0]))}


def moved_applications(stack: Stack, plan: Plan) -> tuple[Move, ...]:
    """The Applications of a stack whose files a plan changes."""
    return tuple(
        Move(application_name(stack, cluster), cluster, stack.wave_of(cluster))
        for cluster in stack.workers
        if any(related(edit.file, stack.repository.path_for(cluster)) for edit in plan.edits)
    )


def check_one_wave(stack: Stack, plan: Plan, where: Phrase, expected: Phrase = IN_TURN) -> None:
    """Raise BadInputError for a plan of several waves: one commit would move them all at once.

    The stack as it is now decides which file belongs to which wave; the waves that the plan names do not count.
    """
    waves = {move.wave for move in moved_applications(stack, plan)}
    if len(waves) > 1:
        what = f"it moves {len(waves)} waves, and one commit would move them at once"
        raise BadInputError(what, where=where, expected=expected)
