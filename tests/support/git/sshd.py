"""A real sshd on loopback, as the user who runs the tests, with host key and authorized keys of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from meshroll.errors import redact

SECONDS = 20.0
READ_ONLY = """#!/bin/sh
case "$SSH_ORIGINAL_COMMAND" in
git-receive-pack*) echo "ERROR: The key you are authenticating with has been marked as read only." >&2; exit 1 ;;
esac
exec sh -c "$SSH_ORIGINAL_COMMAND"
"""


def needs(*programs: str) -> dict[str, str]:
    """Where programs of Debian packages are; skips without them, but not where `.ci/run` installs them."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    found = {name: shutil.which(name, path=path) for name in programs}
    missing = [name for name, place in found.items() if place is None]
    if missing:
        reason = f"{', '.join(missing)} is not installed here (Debian: openssh-server, openssh-client, openssl, gnupg)"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    return {name: str(place) for name, place in found.items()}


def make_key(file: Path) -> Path:
    program = needs("ssh-keygen")["ssh-keygen"]
    subprocess.run([program, "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(file)], check=True)
    return file


@dataclass(frozen=True)
class Server:
    """A running sshd, the key that opens it and the file that names its host key."""

    port: int
    key: Path
    known_hosts: Path

    def url(self, repository: Path) -> str:
        return f"ssh://{pwd.getpwuid(os.getuid()).pw_name}@127.0.0.1:{self.port}{repository}"


def shown(url: str) -> str:
    """The URL as errors show it."""
    return redact(url)


@contextmanager
def serve(folder: Path, *, protocol: bool = True, read_only: bool = False) -> Iterator[Server]:
    """Start it. Without `protocol` it drops GIT_PROTOCOL, as an sshd does whose configuration nobody touched."""
    programs = needs("sshd", "ssh", "ssh-keygen")
    folder.mkdir(parents=True)
    host_key, key = make_key(folder / "host_key"), make_key(folder / "key")
    authorized = key.with_suffix(".pub").read_text()
    if read_only:
        (folder / "command").write_text(READ_ONLY)
        (folder / "command").chmod(0o755)
        authorized = f'command="{folder}/command" {authorized}'
    (folder / "authorized_keys").write_text(authorized)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": host_key,
        "AuthorizedKeysFile": folder / "authorized_keys",
        "StrictModes": "no",  # the folder of a test lies below /tmp
        "PidFile": "none",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        **({"AcceptEnv": "GIT_PROTOCOL"} if protocol else {}),
    }
    (folder / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with (folder / "log").open("wb") as log:
        command = [programs["sshd"], "-D", "-e", "-f", str(folder / "sshd_config")]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait(process, port, folder / "log")
        host = " ".join(host_key.with_suffix(".pub").read_text().split()[:2])
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host}\n")
        yield Server(port, key, folder / "known_hosts")
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return
