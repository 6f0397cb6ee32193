"""What the last `pulumi up` wrote, read from the stack's state by Pulumi's own command.

Only the Releases' `written` is looked at. The state is read as it is stored: nothing in it is decrypted, so neither a
passphrase nor a key is needed.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from meshroll.gitops.command import last_line
from meshroll.provider import RELEASE

SECONDS = 60.0
_COMMAND = ("pulumi", "--non-interactive", "--color=never", "stack", "export", "--stack")


class State:
    """A stack's state, asked for once and only when it matters. `trouble` says why it cannot be read."""

    def __init__(self, stack: str, project: Path) -> None:
        self._stack, self._project = stack, project
        self.trouble = ""

    def written(self, release: str) -> Mapping[str, str]:
        """The versions that the last `pulumi up` wrote through one Release; empty where nobody knows."""
        return self._written.get(release, {})

    @cached_property
    def _written(self) -> Mapping[str, Mapping[str, str]]:
        try:
            done = subprocess.run(
                [*_COMMAND, self._stack],
                cwd=self._project,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
            )
        except FileNotFoundError:
            self.trouble = "the command pulumi is missing"
        except subprocess.TimeoutExpired:
            self.trouble = f"pulumi did not answer within {SECONDS:.0f} s"
        else:
            if done.returncode == 0:
                return written_in(json.loads(done.stdout))
            if "no stack named" not in done.stderr:  # a stack without any `up` is no trouble
                self.trouble = last_line(done.stderr)
        return {}


def written_in(state: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    """The versions by service that each Release of an exported state wrote last, by the Release's name."""
    resources = (state.get("deployment") or {}).get("resources") or []
    return {
        item["urn"].rpartition("::")[2]: (item.get("inputs") or {}).get("written") or {}
        for item in resources
        if item.get("type") == RELEASE
    }
