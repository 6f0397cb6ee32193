"""Combinations of Rollout, Services, VirtualService and DestinationRule: in order, or with one or several changes.

Many changes are faults, some are only unusual; which is which is for the lint and the controller to say.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.support.lint import changes_of_rollout, changes_of_routes, changes_of_steps
from tests.support.lint.bases import BASES
from tests.support.lint.objects import Object
from tests.support.lint.parts import Draw, NotHere, Parts

CHANGES = {
    change.__name__: change
    for module in (changes_of_rollout, changes_of_routes, changes_of_steps)
    for change in module.CHANGES
}


@dataclass(frozen=True)
class Combination:
    """Objects, and what they were made of, for messages."""

    made_of: tuple[str, ...]
    objects: list[Object]


@st.composite
def combinations(draw: Draw) -> Combination:
    """A combination and what it was made of."""
    base = draw(st.sampled_from(sorted(BASES)))
    objects = copy.deepcopy(BASES[base]())
    made_of = [base]
    count = draw(st.sampled_from((0, 1, 1, 1, 2, 3)))
    for name in draw(st.lists(st.sampled_from(sorted(CHANGES)), min_size=count, max_size=count)):
        before = copy.deepcopy(objects)
        try:
            CHANGES[name](Parts(objects), draw)
            made_of.append(name)
        except (NotHere, IndexError, KeyError, TypeError):  # an earlier change took its place away
            objects[:] = before
    return Combination(tuple(made_of), objects)
