"""Holds and remedies in words: the same for `pulumi up` and the command line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshroll.errors import BadInputError, Remedy
from meshroll.gitops.history import HeldError, Hold, Origin, ServiceAddress
from meshroll.gitops.plans import Finding
from meshroll.release.wording import command, hold_finding, hold_sentence, holds_as_sentences

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PROD = ServiceAddress("prod", "https://git.example/r.git", "main")
DAY = "2026-11-01 10:00"
UNDONE = Hold(
    "undone", "shop", "v2", Origin("Ada", COMMIT, day=DAY), Remedy("retry", "shop", "v2"), PROD, reason="it is slow"
)
NEWER = Hold(
    "newer-in-git",
    "shop",
    "v9",
    Origin("Ada", COMMIT, subject="hotfix"),
    Remedy("set-from-git", "shop"),
    PROD,
    written="v1",
)
AT_DAY = "Ada in 0123456789ab at 2026-11-01 10:00"
GONE = "which `pulumi up` wrote last, is no longer in the history of main"
THEN = (
    "`meshroll set --from-git shop -s prod` and then `pulumi up` bring the stack in line, "
    "and the next version goes on from there"
)


@pytest.mark.parametrize(
    ("hold", "sentence"),
    [
        (
            UNDONE,
            f"shop: v2 was undone by {AT_DAY}: it is slow; `meshroll retry shop v2 -s prod` releases it again",
        ),
        (
            replace(UNDONE, reason=""),
            f"shop: v2 was undone by {AT_DAY}; `meshroll retry shop v2 -s prod` releases it again",
        ),
        (
            NEWER,
            f"shop: Git holds v9, newer than v1, which `pulumi up` wrote last: Ada in 0123456789ab (hotfix); {THEN}",
        ),
        (
            replace(NEWER, written="", origin=Origin("Ada", COMMIT, day=DAY)),
            f"shop: Git holds v9, newer: {AT_DAY}; {THEN}",
        ),
        (replace(NEWER, written="", origin=None), f"shop: Git holds v9, newer: someone; {THEN}"),
        (
            replace(NEWER, kind="other-in-git"),
            f"shop: Git holds v9, and v1, {GONE}: v9 was put there by Ada in 0123456789ab (hotfix); {THEN}",
        ),
    ],
)
def test_a_hold_is_a_sentence_with_the_commit_its_author_and_what_to_run(hold: Hold, sentence: str) -> None:
    assert hold_sentence(hold) == sentence
    assert hold_finding(hold) == Finding(hold.kind, sentence.removeprefix("shop: "), "shop")


@pytest.mark.parametrize(
    ("remedy", "address", "text"),
    [
        (Remedy("up"), None, "`pulumi up`"),
        (Remedy("history", "shop"), None, "`meshroll history shop`"),
        (Remedy("release", "shop", "v2"), None, "`meshroll plan --set shop=v2`"),
        (
            Remedy("retry", "shop", "v2"),
            ServiceAddress("", "file:///a b.git", "main", "live"),
            "`meshroll retry shop v2 --repository 'file:///a b.git' --path live`",
        ),
        (
            Remedy("retry", "shop", "v2"),
            ServiceAddress("", "file:///r.git", "live", "", ("image", "label:x")),
            "`meshroll retry shop v2 --repository file:///r.git --branch live --path '' --field image --field label:x`",
        ),
    ],
)
def test_a_remedy_is_a_command_line_that_acts_where_the_service_is(
    remedy: Remedy, address: ServiceAddress | None, text: str
) -> None:
    assert command(remedy, address) == text


def test_a_hold_that_ends_an_apply_is_one_sentence() -> None:
    with pytest.raises(BadInputError) as caught, holds_as_sentences():
        raise HeldError(UNDONE)
    assert str(caught.value) == hold_sentence(UNDONE)
