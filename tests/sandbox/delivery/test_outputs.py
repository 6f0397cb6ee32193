"""What a stack's outputs say when `pulumi up` fails: what they said before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from meshroll.demo.project import Project
from tests.support.sandbox.stacks import PROVIDER, Made, derive, running, without_mesh


@pytest.fixture(scope="module")
def stack(project: Project) -> Iterator[Made]:
    """A stack that is up."""
    made = derive(project, "sandbox", "outputs")
    without_mesh(made)
    with running(made):
        yield made


@pytest.mark.parametrize(
    ("pointer", "value", "sentence"),
    [
        pytest.param("/clusters/worker-1/context", "host", "the cluster has no rollouts.argoproj.io", id="preflight"),
        pytest.param("/repository/branch", "elsewhere", "there is no branch elsewhere", id="release"),
    ],
)
def test_a_failed_up_shows_no_output_as_removed_and_keeps_them(
    stack: Made, pointer: str, value: str, sentence: str
) -> None:
    text, before = stack.file.read_text(), stack.outputs()
    assert sorted(before) == ["applications", "gateway_endpoints", "release"]
    stack.put(pointer, value)
    stack.put(f"/services/{PROVIDER}/version", "v2")
    try:
        said = stack.up(fails=True)
    finally:
        stack.file.write_text(text)
    assert sentence in said
    assert [line for line in said.partition("\nOutputs:\n")[2].splitlines() if line.startswith("  - ")] == []
    assert stack.outputs() == before
