"""`MESHROLL_PLAN=<hash>`: `pulumi up` and `meshroll apply` make nothing but the plan that was agreed on.

A stack with several Releases has a hash for each, as `meshroll plan -s STACK` prints them, separated by commas. A plan
file is agreed on by its own hash too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from meshroll.errors import ConflictError
from meshroll.gitops.plans import EARLIER, Plan

VARIABLE = "MESHROLL_PLAN"


def check_agreed(plan: Plan, environ: Mapping[str, str] = os.environ) -> None:
    """Raise ConflictError when a plan was agreed on and this is another."""
    agreed = [text for text in re.split(r"[,\s]+", environ.get(VARIABLE, "")) if text]
    if not agreed or plan.hash in agreed:
        return
    parts = {} if plan.format == EARLIER else plan.releases
    if not parts or not set(parts.values()) <= set(agreed):
        raise ConflictError(
            f"the plan is {plan.hash} now, not what was agreed on",
            where=VARIABLE,
            expected=" or ".join(agreed[:3]) + (" …" if len(agreed) > 3 else ""),  # noqa: PLR2004 - a line's worth
        )
