"""A network of a sandbox's own, for a machine with other users: what listens in it is reached from inside it alone.

It is a Linux network namespace, in a user namespace so that no rights are needed, held by one process. A command that
enters it runs as the same user on the same files, but sees no network other than its own loopback.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import struct
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from meshroll.errors import BadInputError, UnavailableError
from meshroll.sandbox.state import files
from meshroll.sandbox.state.home import Home
from meshroll.sandbox.supervision import process

NAME = "network"
_SECONDS = 10.0
_POLL_SECONDS = 0.02
# netdevice(7): a request with an interface's name and its flags.
_REQUEST, _READ_FLAGS, _SET_FLAGS, _UP = "16sh14x", 0x8913, 0x8914, 0x1
_TOOLS = ("unshare", "nsenter")


def enter(home: Home, command: Sequence[str]) -> NoReturn:
    """Become the command inside the sandbox's own network, which is made if there is none yet.

    Raises BadInputError where parts run in the machine's network or a tool is missing, UnavailableError where the
    machine does not allow namespaces.
    """
    where = f"sandbox {home.name}"
    for tool in _TOOLS:
        if shutil.which(tool) is None:
            raise BadInputError(f"`{tool}` is not on PATH", where=where, expected="util-linux 2.38 or newer")
    home.prepare()
    with files.locked(home.lock):
        holder = _holder(home) or _make(home)
    target = ("nsenter", f"--target={holder.pid}", "--user", "--net", "--preserve-credentials", "--", *command)
    os.execvp(target[0], target)  # noqa: S606


def is_inside(home: Home) -> bool:
    """Whether this process is in the sandbox's own network."""
    holder = _holder(home)
    return holder is not None and _network(holder.pid) == _network("self")


def check(home: Home) -> None:
    """Raise BadInputError where the sandbox has a network of its own and this process is outside it."""
    if _holder(home) and not is_inside(home):
        raise BadInputError(
            "it has a network of its own, which this command is not in",
            where=f"sandbox {home.name}",
            expected=f"`{_command(home)} enter COMMAND`, or `{_command(home)} down` first",
        )


def _make(home: Home) -> process.Identity:
    prefix = f"{home.path}:"
    if process.marked(prefix):
        raise BadInputError(
            "its parts run in the machine's network",
            where=f"sandbox {home.name}",
            expected=f"`{_command(home)} down`",
        )
    ready, log = home.run(f"{NAME}.ready"), home.log(NAME)
    ready.unlink(missing_ok=True)
    hold = (sys.executable, "-m", __name__, str(ready))
    unshare = ("unshare", "--map-current-user", "--keep-caps", "--net", "--", *hold)
    environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": os.pathsep.join(sys.path)}
    holder = process.spawn(unshare, environment, f"{prefix}{NAME}", log, home.path)
    holder.store(home.pid_file(NAME))
    deadline = time.monotonic() + _SECONDS
    while not ready.exists():
        if not holder.running or time.monotonic() > deadline:
            process.end([holder], 0.0)
            home.pid_file(NAME).unlink(missing_ok=True)
            reason = next(iter(reversed(process.tail(log, 1))), "it does not answer")
            raise UnavailableError(
                f"a network of its own cannot be made: {reason}",
                where=f"sandbox {home.name}",
                expected="a machine that allows user namespaces (user.max_user_namespaces, and AppArmor's rules)",
            )
        time.sleep(_POLL_SECONDS)
    return holder


def _holder(home: Home) -> process.Identity | None:
    identity = process.Identity.load(home.pid_file(NAME))
    return identity if identity and identity.running else None


def _command(home: Home) -> str:
    return f"meshroll sandbox --name {home.name}"


def _network(pid: int | str) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    except OSError:
        return ""


def _hold(ready: Path) -> None:
    """Bring loopback up in the network that this process is in, say so, and wait for a signal."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        answer = fcntl.ioctl(control, _READ_FLAGS, struct.pack(_REQUEST, b"lo", 0))
        _, flags = struct.unpack(_REQUEST, answer)
        fcntl.ioctl(control, _SET_FLAGS, struct.pack(_REQUEST, b"lo", flags | _UP))
    files.write(ready, "")
    signal.pause()


if __name__ == "__main__":
    _hold(Path(sys.argv[1]))
