"""What a preview prints of a plan: its diff, or of many services how many there are and the diff of the first few.

The engine hands a diagnostic to every display, stores it and repeats it at the end, so it is kept to a page or two.
"""

from __future__ import annotations

import re
from itertools import accumulate, takewhile

from meshroll.gitops.plans import Plan

MANY = 20  # services; of more, only the first lines are shown
LINES = 200
_FILE = re.compile(r"^(?=diff --git )", re.MULTILINE)


def preview_text(plan: Plan) -> str:
    """Empty where the plan changes nothing. A file's diff is shown whole or not at all, the first one always."""
    services = len({change.service for change in plan.changes})
    if services <= MANY:
        return plan.diff
    diffs = _FILE.split(plan.diff)[1:]
    ends = accumulate(diff.count("\n") for diff in diffs)
    shown = max(1, sum(1 for _ in takewhile(lambda end: end <= LINES, ends)))
    files = len({edit.file for edit in plan.edits})
    command = f"`meshroll plan -s {plan.stack} --verbose`" if plan.stack else "`meshroll plan --verbose`"
    head = f"{services} services change, in {files} files: {plan.summary}\n"
    more = f"… {len(diffs) - shown} more files; {command} shows all of them\n" if len(diffs) > shown else ""
    return head + "".join(diffs[:shown]) + more
