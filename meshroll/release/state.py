"""What the last `pulumi up` wrote, read from the stack's state by Pulumi's own command.

Only the Releases' `written` is looked at. The state is read as it is stored: nothing in it is decrypted, so neither a
passphrase nor a key is needed.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from meshroll.errors import BadInputError
from meshroll.gitops.git import last_line
from meshroll.release.inputs import ReleaseInputs
from meshroll.release.properties import to_properties, written_before
from meshroll.yamltext import read_json

MAX_BYTES = 256 << 20  # 1,000 services in 10 clusters make tens of them
SECONDS = 60.0
_COMMAND = ("pulumi", "--non-interactive", "--color=never", "stack", "export", "--stack")


class PulumiState:
    """A stack's state, read once and only when it matters. `trouble` is why it cannot be read, empty where it can."""

    def __init__(self, stack: str, project: Path, release_type: str) -> None:
        self._stack, self._project, self._type = stack, project, release_type
        self.trouble = ""

    def written(self, release: str, inputs: ReleaseInputs) -> Mapping[str, str]:
        """The versions that the last `pulumi up` wrote through one Release; empty where that is not known.

        `inputs` are those that the Release would have now: what was written at another place does not count.
        """
        return written_before(self._releases.get(release, {}), to_properties(inputs))

    @cached_property
    def _releases(self) -> Mapping[str, Mapping[str, Any]]:
        try:
            done = subprocess.run(
                [*_COMMAND, self._stack],
                cwd=self._project,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=SECONDS,
            )
        except FileNotFoundError:
            self.trouble = "the command pulumi is missing"
        except OSError as error:
            self.trouble = f"pulumi cannot be started: {error.strerror}"
        except subprocess.TimeoutExpired:
            self.trouble = f"pulumi did not answer within {SECONDS:.0f} s"
        else:
            if done.returncode == 0:
                try:
                    state = read_json(done.stdout, "what pulumi printed", max_bytes=MAX_BYTES)
                    return releases_in(state, self._type)
                except BadInputError as error:
                    self.trouble = str(error)
            elif b"no stack named" not in done.stderr:  # a stack without any `up` is no trouble
                self.trouble = last_line(done.stderr.decode("utf-8", "replace"))
        return {}


def releases_in(state: Mapping[str, Any], release_type: str) -> Mapping[str, Mapping[str, Any]]:
    """The inputs of each resource of a type in an exported state, by its name."""
    resources = (state.get("deployment") or {}).get("resources") or []
    return {
        item["urn"].rpartition("::")[2]: item.get("inputs") or {}
        for item in resources
        if item.get("type") == release_type
    }
