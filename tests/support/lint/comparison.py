"""The lint's verdict beside the controller's, for many generated combinations."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, given, settings

from meshroll.kube import Kube
from meshroll.manifests.lint import Severity, lint
from tests.support.lint.combinations import Combination, combinations
from tests.support.lint.controller import verdicts

BATCH = 200
LATE = "steered-route-managed"  # taken at first, and refused when the controller has removed the route


def generated(count: int, *, derandomize: bool) -> list[Combination]:
    """Combinations, all different; a few fewer than asked for where too many came twice."""
    found: dict[str, Combination] = {}

    @settings(
        max_examples=3 * count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=derandomize,
        suppress_health_check=list(HealthCheck),
    )
    @given(combinations())
    def collect(combination: Combination) -> None:
        found.setdefault(json.dumps(combination.objects), combination)

    collect()
    return list(found.values())[:count]


def refusals(combination: Combination) -> list[str]:
    """What of a combination the lint says is refused."""
    placed = [{**item, "metadata": {"namespace": "lint", **item["metadata"]}} for item in combination.objects]
    flaws = lint(placed, complete=True)
    return [str(flaw) for flaw in flaws if flaw.severity is Severity.ERROR]


def differences(kube: Kube, every: Sequence[Combination]) -> list[str]:
    """Where lint and controller do not agree, a paragraph for each combination."""
    found = []
    for start in range(0, len(every), BATCH):
        batch = every[start : start + BATCH]
        for combination, verdict in zip(batch, verdicts(kube, [each.objects for each in batch]), strict=True):
            ours = refusals(combination)
            if bool(ours) != bool(verdict) and not any(f"[{LATE}]" in flaw for flaw in ours):
                made = ", ".join(combination.made_of)
                text = json.dumps(combination.objects)
                found.append(f"{made}\n  controller: {verdict or 'taken'}\n  lint: {ours or 'taken'}\n  {text}")
    return found
