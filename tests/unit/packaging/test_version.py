"""The version stands in one place; what else names it agrees."""

from __future__ import annotations

import re

from meshroll import __version__
from tests.support.checkout import CHECKOUT


def test_the_newest_entry_of_the_changelog_is_of_this_version() -> None:
    text = (CHECKOUT / "CHANGELOG.md").read_text()
    heading = next(line for line in text.splitlines() if line.startswith("## "))
    assert re.fullmatch(rf"## {re.escape(__version__)} \((unreleased|\d{{4}}-\d\d-\d\d)\)", heading), heading
