"""What the plug-in's `check` found of each resource, for the calls that follow it in the same run."""

from __future__ import annotations

from dataclasses import dataclass

from meshroll.gitops.history import Hold
from meshroll.gitops.plans import Plan
from meshroll.release import planning
from meshroll.release.inputs import ReleaseInputs


@dataclass(frozen=True)
class Check:
    """The plan of some inputs, whose `edits` are left out, and the services that are held."""

    inputs: ReleaseInputs
    plan: Plan
    held: tuple[Hold, ...]


class Checks:
    """The last check of each resource, by URN."""

    def __init__(self) -> None:
        self._last: dict[str, Check] = {}
        self._unread: set[str] = set()

    def remember(self, urn: str, check: Check) -> None:
        """Keep it in the place of the one before."""
        self._last[urn] = check
        self._unread.add(urn)

    def of(self, urn: str, inputs: ReleaseInputs) -> Check:
        """The check of these inputs: the one that was just made, once, else a new one.

        The engine asks for the difference right after `check`; whoever asks at another time gets what Git holds then.
        """
        known = self._last.get(urn)
        fresh, self._unread = urn in self._unread, self._unread - {urn}
        if known is not None and fresh and known.inputs == inputs:
            return known
        return Check(inputs, *planning.plan_unheld(inputs))

    def plan(self, urn: str, inputs: ReleaseInputs) -> Plan:
        """The plan that was made of the edits in the inputs, which knows each place by the names around it."""
        known = self._last.get(urn)
        if known is None or {edit.key for edit in known.plan.edits} != {edit.key for edit in inputs.edits}:
            return planning.plan(inputs)
        return known.plan
