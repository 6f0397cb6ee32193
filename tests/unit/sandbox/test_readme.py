"""What the README promises of the sandbox is what the code knows."""

from __future__ import annotations

import re

from meshroll.sandbox.supervision.listeners import WILDCARD
from tests.support.checkout import CHECKOUT

README = CHECKOUT / "README.md"


def test_the_readme_lists_the_listeners_that_are_not_on_loopback() -> None:
    section = README.read_text(encoding="utf-8").partition("## Listeners")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\S+) \| (.+) \|$", section, re.MULTILINE)
    listed = {part: tuple(ports.split(", ")) for part, ports in rows if part != "part"}
    assert listed == dict(WILDCARD)
