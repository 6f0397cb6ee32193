"""What the README promises of the sandbox is what the code knows."""

from __future__ import annotations

from meshroll.sandbox.topology.exposure import EXPOSED
from tests.support.checkout import CHECKOUT


def test_the_readme_lists_the_listeners_with_who_reaches_them_and_what_they_give() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Listeners")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    assert rows[0] == ["part", "port", "reached by", "proof", "gives"]
    assert [tuple(row) for row in rows[1:]] == [
        (row.part, row.use or "as objects say", row.reach, row.proof, row.gives) for row in EXPOSED
    ]
