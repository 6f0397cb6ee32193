"""Markdown for a review, as a CommonMark renderer reads it: hostile text is text, whatever it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from meshroll.gitops.plans import Canary, Edit, Finding, Move, Plan, VersionChange, as_markdown
from meshroll.text import one_line, printable
from meshroll.text.markdown import code, code_block
from tests.support.git.plans import CANARY, SCALAR

RENDERERS = [MarkdownIt("commonmark"), MarkdownIt("js-default", {"html": True, "typographer": True})]
PIECES = (
    "\n", "\r\n", "\r", "\n\n", "\t", " ", "    ", "\x0b", "\x0c", "\x85", "\u2028", "\u202e", "\x00",
    "\\", "|", "\\|", "|---|", "`", "``", "```", "````", "~~~", "# ", "## ", "===", "---", "- ", "1. ", "> ",
    "*", "**", "_", "~~", "<b>", "<img src=x>", "<!--", "-->", "<script>", "&lt;", "&#64;",
    "![a](http://evil.example/x.png)", "[a](http://evil.example)", "[a]: /x", "<http://evil.example>",
    "https://evil.example", "www.evil.example", "a@evil.example", "@team", "#1", "fixes #1", "!7", "GH-1", ":tada:",
    "v1", "é",
)  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=8).map("".join)
DEAD = re.compile(r"://|www\.|[@#!]\w|\w@\w|GH-\d|:\w+:|evil|team")
"""What a forge turns into a link or a mention where it stands outside of code."""


def tokens(markdown: str, renderer: MarkdownIt) -> Iterator[Token]:
    """Every token that is not the end of another, those inside of others too."""
    for token in renderer.parse(markdown):
        yield from (token.children or []) if token.type == "inline" else [token]


def codes(markdown: str, renderer: MarkdownIt) -> list[str]:
    return [token.content for token in tokens(markdown, renderer) if token.type in ("code_inline", "fence")]


def shape(markdown: str, renderer: MarkdownIt) -> list[tuple[str, str, str]]:
    """What a renderer makes of Markdown, but for what stands in code."""
    return [
        (token.type, token.tag, "" if token.type in ("code_inline", "fence") else token.content)
        for token in tokens(markdown, renderer)
    ]


def plan_with(text: str) -> Plan:
    """A plan that has a text wherever a plan has text from elsewhere."""
    return replace(
        SCALAR,
        url=f"file:///{text}",
        branch=text,
        edits=(Edit(f"a{text}", f"/0/{text}", text, text, text, 3), Edit(text, "", text, "", text)),
        changes=(VersionChange(text, text, f"{text}2", text), VersionChange(f"{text}x", None, text)),
        diff=f"+{text}\n",
        findings=(Finding("lint", text, text, text, 3), Finding("lint", f"{text}.", "", "", 0)),
        applications=(Move(text, text, 1),),
        timeline=(Canary(text, CANARY.without_canary(text)), Canary(text, CANARY.with_note(text))),
        stack=text,
    )


@pytest.mark.parametrize("renderer", RENDERERS, ids=["commonmark", "tables and html"])
@given(text=HOSTILE)
@example(text="v1\r\n# Approved")
@example(text="x\\|[click](http://evil.example)")
@example(text="")
@example(text=" ")
def test_a_text_in_a_span_is_read_back_as_it_stands_on_a_terminal(renderer: MarkdownIt, text: str) -> None:
    for line in (f"- {code(text)} and {code('ours')}", f"### {code(text)}, {code('ours')}"):
        found = codes(line, renderer)
        assert (len(found), found[-1]) == (2, "ours")
        assert found[0] == (one_line(text) or " ")


@pytest.mark.parametrize("renderer", RENDERERS, ids=["commonmark", "tables and html"])
@given(text=HOSTILE)
@example(text="```\n# Approved")
def test_a_text_in_a_block_does_not_leave_it(renderer: MarkdownIt, text: str) -> None:
    found = list(tokens("\n".join(["before", "", *code_block(text, "diff"), "", "after"]), renderer))
    assert [token.type for token in found] == [
        "paragraph_open", "text", "paragraph_close", "fence", "paragraph_open", "text", "paragraph_close",
    ]  # fmt: skip
    assert found[3].content == printable(text).replace("\r\n", "\n").removesuffix("\n") + "\n"


@pytest.mark.parametrize("renderer", RENDERERS, ids=["commonmark", "tables and html"])
@given(text=HOSTILE)
@example(text="v1\r\n# Approved by @team\r\n![a](http://evil.example/x.png)")
@example(text="@team")
@example(text="https://evil.example")
def test_a_review_of_a_hostile_plan_has_the_shape_of_any_other(renderer: MarkdownIt, text: str) -> None:
    markdown = as_markdown(plan_with(text))
    assert shape(markdown, renderer) == shape(as_markdown(plan_with("v")), renderer)
    assert not any(DEAD.search(content) for _, _, content in shape(markdown, renderer))
