"""The Pulumi processes of one PULUMI_HOME: the CLI, its plug-ins and language hosts, and all that these started."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import psutil

from meshroll.sandbox.supervision.process import Identity, boot_id, start_ticks

_PLUG_INS = ("pulumi-resource-", "pulumi-language-")
_SHELLS = ("sh", "bash", "dash")
_PROVIDER = "meshroll.provider"
_STAND_IN = "from meshroll.sandbox.pulumi."
_PROGRAM = "meshroll/sandbox/pulumi/language/program.py"


def processes(home: Path) -> list[Identity]:
    """All that run with this home, in no order. A shell that only has the variable set is not among them."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("PULUMI_HOME") == str(home) and is_pulumi(process.cmdline()):
                found |= {member.pid: member for member in _with_descendants(process)}
    ticks = {pid: start_ticks(pid) for pid in found}
    return [Identity(pid, started, boot_id()) for pid, started in ticks.items() if started is not None]


def is_pulumi(arguments: Sequence[str]) -> bool:
    """Whether a command line is that of the CLI, a plug-in, a language host or a program that it runs."""
    if not arguments:
        return False
    names = [Path(argument).name for argument in arguments[:2]]
    name = names[1] if names[0] in _SHELLS and len(names) > 1 else names[0]
    return name == "pulumi" or name.startswith(_PLUG_INS) or any(_is_ours(*pair) for pair in pairwise(arguments))


def _is_ours(option: str, value: str) -> bool:
    return (
        (option == "-m" and value == _PROVIDER) or (option == "-c" and _STAND_IN in value) or value.endswith(_PROGRAM)
    )


def _with_descendants(process: psutil.Process) -> Iterator[psutil.Process]:
    yield process
    yield from process.children(recursive=True)
