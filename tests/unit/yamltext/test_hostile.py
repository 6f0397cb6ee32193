from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshroll.errors import BadInputError
from meshroll.yamltext import parse, replace_scalars
from tests.support.yamltext.files import json_files, yaml_files

PIECES = [
    *"-?:,[]{}#&*!|>'\"%@`\\ \t\r\n~<=",
    "\ufeff",
    "\u2028",
    "\x85",
    "\x00",
    "&a ",
    "*a ",
    "<<: ",
    "---\n",
    "...\n",
]
PIECES += ["%YAML 1.1\n", "!<x> ", "? ", "- ", ": ", '"\\ud800"', "|+9\n", "\ud7ff"]


@st.composite
def damaged(draw):
    """A good file with some characters gone and some put in."""
    file = draw(st.one_of(yaml_files(), json_files()))
    text = file.content.decode()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(["", *PIECES])) + text[at + draw(st.integers(0, 3)) :]
    return text.encode(), file.name


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.one_of(damaged(), st.tuples(st.binary(max_size=60), st.sampled_from(["f.yaml", "f.json"]))))
def test_whatever_the_bytes_a_file_is_read_or_refused_in_one_sentence(file):
    content, name = file
    refusal = ""
    try:
        text = parse(content, name)
    except BadInputError as error:
        refusal = str(error)
    if refusal:
        assert refusal.startswith(name)
        assert "\n" not in refusal
        return
    for scalar in text.scalars():
        assert scalar.line == text.source.line(len(content[: scalar.span[0]].decode()))
        try:
            changed = replace_scalars(content, {scalar.pointer: "v2"}, name)
        except BadInputError:
            continue  # it stands in other places too
        assert parse(changed, name).value(scalar.pointer) == "v2"
