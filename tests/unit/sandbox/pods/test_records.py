from pathlib import Path

from meshroll.sandbox.pods.records import Record, Records, read
from meshroll.sandbox.supervision.process import Identity

RANGE = "127.20.0.0/16"


def test_a_new_runner_finds_the_addresses_and_processes_of_the_one_before(tmp_path: Path) -> None:
    first = Records(tmp_path, RANGE)
    first.allocate("u-1", "dubbo", "p-1")
    first.ended("u-1", restarts=3)
    first.started("u-1", Identity(42, 7, "boot"), 1.5)
    assert Records(tmp_path, RANGE).all() == [
        Record("u-1", "dubbo", "p-1", "127.20.1.0", 3, Identity(42, 7, "boot"), 1.5)
    ]


def test_a_pod_keeps_its_address(tmp_path: Path) -> None:
    records = Records(tmp_path, RANGE)
    assert records.allocate("u-1", "dubbo", "p-1") == records.allocate("u-1", "dubbo", "p-1")


def test_two_pods_never_share_an_address_even_after_a_restart(tmp_path: Path) -> None:
    before = Records(tmp_path, RANGE).allocate("u-1", "dubbo", "p-1")
    after = Records(tmp_path, RANGE).allocate("u-2", "dubbo", "p-2")
    assert (before.address, after.address) == ("127.20.1.0", "127.20.1.1")


def test_a_released_address_is_not_the_next_one(tmp_path: Path) -> None:
    records = Records(tmp_path, RANGE)
    records.allocate("u-1", "dubbo", "p-1")
    records.release("u-1")
    assert (read(tmp_path), records.allocate("u-2", "dubbo", "p-2").address) == ([], "127.20.1.1")


def test_a_file_that_a_crash_left_broken_counts_as_absent(tmp_path: Path) -> None:
    (tmp_path / "u-1.json").write_text('{"uid": "u-')
    assert (read(tmp_path), list(tmp_path.iterdir())) == ([], [])
