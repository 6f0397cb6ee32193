"""Which processes are Pulumi's, and which of them use one home."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from meshroll.sandbox.pulumi import install
from meshroll.sandbox.pulumi.running import is_pulumi, processes
from tests.support.engine import engine

PROGRAM = "/checkout/meshroll/sandbox/pulumi/language/program.py"
STAND_IN = "import sys; sys.path.insert(0, '/c'); from meshroll.sandbox.pulumi.language.__main__ import main; main()"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["pulumi", "up"], True),
        (["/parts/pulumi", "up"], True),
        (["/plugins/resource-kubernetes-v4.34.2/pulumi-resource-kubernetes", "127.0.0.1:1"], True),
        (["/bin/sh", "/plugins/resource-x-v1.0.0/pulumi-resource-x", "127.0.0.1:1"], True),
        (["/usr/bin/pulumi-language-python", "127.0.0.1:1"], True),
        (["python", "-I", "-W", "ignore", "-c", STAND_IN, "127.0.0.1:1"], True),
        (["python", "-m", "meshroll.provider", "127.0.0.1:1"], True),
        (["python", PROGRAM, "10"], True),
        (["vim", "pulumi-resource-meshroll"], False),
        (["grep", "-r", "from meshroll.sandbox.pulumi.home", "meshroll"], False),
        (["bash", "-i"], False),
        (["bash"], False),
        (["meshroll", "sandbox", "clean"], False),
        ([], False),
    ],
)
def test_a_process_of_pulumi_is_known_by_its_command_line(command: list[str], expected: bool) -> None:
    assert is_pulumi(command) is expected


def test_only_what_uses_the_home_is_found_with_what_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    for home in (mine, other):
        install(home, Path(sys.executable), Path("/parts/pulumi-resource-kubernetes"))
    plugin = "plugins/language-python-*/pulumi-language-python"
    shell = tmp_path / "pulumi-language-python"
    shell.write_text(f'#!/bin/sh\nsleep 1000 >/dev/null &\nexec "{next(mine.glob(plugin))}" "$@"\n')
    shell.chmod(0o755)
    monkeypatch.setenv("PULUMI_HOME", str(other))
    with engine(next(other.glob(plugin)), "127.0.0.1:1") as others:
        monkeypatch.setenv("PULUMI_HOME", str(mine))
        with engine(shell, "127.0.0.1:1") as made, subprocess.Popen(["sleep", "1000"]) as bystander:
            try:
                others.port()
                made.port()
                started = made.started()
                assert len(started) == 2
                assert sorted(identity.pid for identity in processes(mine)) == sorted(started)
                assert all(identity.running for identity in processes(mine))
            finally:
                bystander.kill()
    assert processes(mine) == []
