"""What commands on one sandbox do to each other, without any part running."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from meshroll.errors import BadInputError
from meshroll.sandbox import Sandbox
from meshroll.sandbox.state import addresses, files
from meshroll.sandbox.supervision.supervisor import Supervisor
from meshroll.sandbox.topology.site import port_names

WORKERS = ("worker-1",)


class _WaitedError(Exception):
    pass


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """As `up` leaves it, with nothing running."""
    made = Sandbox("unit", root=tmp_path / "state", cache=tmp_path / "cache")
    made.home.prepare()
    ports = zip(port_names(WORKERS), addresses.PORTS, strict=False)
    files.write_json(made.home.path / "ports.json", dict(ports))
    files.write_json(made.home.root / "ranges.json", {"unit/worker-1": 240, "other/worker-1": 241})
    files.write_json(made.home.path / "sandbox.json", {"workers": list(WORKERS), "workloads": []})
    return made


@pytest.mark.parametrize(("folder", "variable"), [("state/unit", "XDG_STATE_HOME"), ("cache", "XDG_CACHE_HOME")])
def test_programs_and_state_that_others_could_change_are_not_used(
    sandbox: Sandbox, tmp_path: Path, folder: str, variable: str
) -> None:
    place = tmp_path / folder
    place.mkdir(exist_ok=True)
    place.chmod(0o777)
    with pytest.raises(BadInputError) as caught:
        Sandbox(sandbox.home.name, root=tmp_path / "state", cache=tmp_path / "cache")
    assert str(caught.value) == (
        f"{place}: others may write in it (mode 0777); expected {variable} set to a folder of your own, "
        f"or `chmod go-w {place}` where you trust what it holds"
    )


def test_no_other_command_gets_in_while_a_sandbox_is_cleaned(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    removed: list[Path] = []
    remove = shutil.rmtree

    def waited(_: str) -> None:
        raise _WaitedError

    def meanwhile(path: Path, **options: Any) -> None:
        with pytest.raises(_WaitedError):
            sandbox.down(progress=waited)
        removed.append(path)
        remove(path, **options)

    monkeypatch.setattr(shutil, "rmtree", meanwhile)
    sandbox.clean()
    assert removed == [sandbox.home.path]
    assert not sandbox.exists


def test_clean_gives_its_own_ranges_back_and_no_others(sandbox: Sandbox) -> None:
    sandbox.clean()
    assert files.read_json(sandbox.home.root / "ranges.json", {}) == {"other/worker-1": 241}


def test_clean_ends_what_runs_of_its_pulumi_and_nothing_else(sandbox: Sandbox, tmp_path: Path) -> None:
    plug_in = tmp_path / "pulumi-resource-test"
    plug_in.symlink_to("/bin/sleep")

    def running(home: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen([str(plug_in), "1000"], env=os.environ | {"PULUMI_HOME": str(home)})

    with running(sandbox.home.pulumi) as own, running(tmp_path / "other") as other:
        sandbox.clean()
        left = [process.poll() is None for process in (own, other)]
        for process in (own, other):
            process.kill()
    assert left == [False, True]


def test_a_command_on_a_sandbox_that_was_cleaned_leaves_nothing(sandbox: Sandbox) -> None:
    sandbox.clean()
    before = sorted(sandbox.home.root.iterdir())
    sandbox.down()
    sandbox.clean()
    assert sorted(sandbox.home.root.iterdir()) == before


def test_a_worker_that_another_command_adds_while_this_one_waits_stays(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_command(_: object) -> None:
        files.write_json(sandbox.home.path / "sandbox.json", {"workers": ["worker-1", "worker-2"], "workloads": []})

    monkeypatch.setattr(sandbox, "build_parts", other_command)
    monkeypatch.setattr(Supervisor, "start", lambda _: None)
    sandbox.up()
    assert sandbox.workers == ("worker-1", "worker-2")
