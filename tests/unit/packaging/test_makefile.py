"""`make help` names every target, and what it does."""

from __future__ import annotations

import re
import subprocess

from tests.support.checkout import CHECKOUT


def test_every_target_is_listed_with_a_sentence() -> None:
    text = (CHECKOUT / "Makefile").read_text()
    declared = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert declared is not None
    command = ["make", "--no-print-directory", "help"]
    done = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True)
    lines = [re.fullmatch(r"make ([a-z]+) +(\S.{10,})", line) for line in done.stdout.splitlines()]
    assert [line and line[1] for line in lines] == declared[1].split()


def test_make_alone_lists_the_targets() -> None:
    command = ["make", "--no-print-directory", "--dry-run"]
    done = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("awk ")
