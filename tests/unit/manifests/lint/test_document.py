"""docs/lint.md is what the rules say."""

from meshroll.manifests.lint import RULES, document
from tests.support.checkout import CHECKOUT


def test_the_page_is_up_to_date() -> None:
    assert (CHECKOUT / "docs/lint.md").read_text(encoding="utf-8") == document()


def test_the_page_has_every_rule_and_no_long_line() -> None:
    lines = document().splitlines()
    assert sorted(line.removeprefix("### ") for line in lines if line.startswith("### ")) == sorted(r.id for r in RULES)
    assert [line for line in lines if len(line) > 120] == []
