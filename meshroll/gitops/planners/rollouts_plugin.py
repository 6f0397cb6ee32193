"""What `kubectl argo rollouts lint` says of Rollouts, where a stack asks it: its plug-in is found on PATH."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from meshroll.gitops.planners.enclosed import ToolError, run_enclosed
from meshroll.manifests.index import Object
from meshroll.manifests.lint import NOT_JUDGED, PLUGIN, Flaw, Options, for_plugin

PROGRAM = "kubectl-argo-rollouts"
_REFUSED = 1  # the exit code of a Rollout that it refuses


def ask_plugin(objects: Sequence[Object], files: Sequence[str], options: Options) -> list[Flaw]:
    """Its verdicts on every Rollout; why there are none, where it is asked and does not answer. Nothing unasked."""
    asked = for_plugin(objects, files) if options.ask_plugin else []
    flaws = [flaw for number, title, text in asked for flaw in _flaws(number, title, text)]
    return [flaw for flaw in flaws if not any(waiver.covers(flaw) for waiver in options.waivers)]


def _flaws(number: int, title: str, text: str) -> Iterator[Flaw]:
    try:
        for line in _verdicts(text):
            yield PLUGIN.found("", line).of(number, title)
    except ToolError as error:
        yield NOT_JUDGED.found("", f"not judged by {PROGRAM}: {error}").of(number, title)


def _verdicts(text: str) -> list[str]:
    """The lines that it prints of a Rollout. Raises ToolError."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise ToolError("it is not on PATH")
    with tempfile.TemporaryDirectory(prefix="meshroll-") as folder:
        file = Path(folder, "rollout.yaml")
        file.write_text(text, encoding="utf-8")
        done = run_enclosed([program, "lint", "-f", str(file)], folder)
    errors = done.stderr.decode(errors="replace").replace(folder, "").strip().splitlines()
    if done.returncode not in {0, _REFUSED}:
        raise ToolError(errors[-1] if errors else f"it ended with {done.returncode}")
    said = done.stdout.decode(errors="replace").strip().splitlines()
    if not done.returncode:
        return said
    # The first is repeated with the field's path; alone it is why the file cannot be read: an unknown field, say.
    first = errors[-1].removeprefix("Error: ") if errors else "it refuses the Rollout without a message"
    return [first, *said[1:]]
