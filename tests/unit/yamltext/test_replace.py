import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from meshroll.errors import BadInputError
from meshroll.yamltext import Written, parse, replace_scalars
from tests.support.yamltext import exactness
from tests.support.yamltext.files import texts


def changed(before, new, pointer="/0/version", name="f.yaml"):
    return replace_scalars(before.encode(), {pointer: new}, name).decode()


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        ("version: v1", "v2", "version: v2"),
        ("version: v1   # v1 is old\r\nx: 1\r\n", "v2", "version: v2   # v1 is old\r\nx: 1\r\n"),
        ("\ufeff# x\nversion:   'v1'\n", "v2", "\ufeff# x\nversion:   'v2'\n"),
        ('{version: "v1", x: [v1]}\n', "1.10", '{version: "1.10", x: [v1]}\n'),
        ("version: v1\n", "1.10", 'version: "1.10"\n'),
        ("version: v1\nx: 'y'\n", "1.10", "version: '1.10'\nx: 'y'\n"),
        ("a: 'x'\nb: 1\nversion: v1\nx: \"y\"\n", "on", 'a: \'x\'\nb: 1\nversion: "on"\nx: "y"\n'),
        ("version: 1.9\n", "v2", "version: v2\n"),
        ("version: 1.10\n", "1.10", 'version: "1.10"\n'),
        ('{"version": 1.9}\n', "v2", '{"version": "v2"}\n'),
        ("version: &v v1\n", "v2", "version: &v v2\n"),
        ("version: !!str &v # x\n  1\n", "2", 'version: !!str &v # x\n  "2"\n'),
        ("version: 'v1'\n", "it's", "version: 'it''s'\n"),
        ("version: 'v1'\n", "a\nb", 'version: "a\\nb"\n'),
        ('version: "v\\\n  1"\n', "v2", 'version: "v2"\n'),
        ("version: shop/web:v1\n", "shop/web:v2@sha256:00", "version: shop/web:v2@sha256:00\n"),
        ("{version: shop/web:v1}\n", "shop/web:v2", "{version: shop/web:v2}\n"),
        ("{version: v1}\n", "shop/web:v2", '{version: "shop/web:v2"}\n'),
        ("{version: v1}\n", "v1?", '{version: "v1?"}\n'),
        ("version: 'v1'\n", "v1", "version: 'v1'\n"),
        ("? version\n: v1\n", "v2", "? version\n: v2\n"),
        ("version: >-\n  reg/app:1.0\nx: 1\n", "reg/app:2.0", "version: >-\n  reg/app:2.0\nx: 1\n"),
        ("version: |- # x\r\n    v1 \r\n\r\n", "1.10", "version: |- # x\r\n    1.10\r\n\r\n"),
        ("version: &v !!str >2-\n   v1", "v2", "version: &v !!str >2-\n  v2"),
        ("version:\nx: 1\n", "v2", "version: v2\nx: 1\n"),
        ("version:   # none yet\nx: 'y'\n", "1.10", "version: '1.10'   # none yet\nx: 'y'\n"),
        ("version: &v # none yet\n", "v2", "version: &v v2 # none yet\n"),
        ("version:", "v2", "version: v2"),
        ("{version: , x: 1}\n", "v2", '{version: "v2", x: 1}\n'),
        ("{version: }\n", "v2", '{version: "v2"}\n'),
        ("version: ~ # x\n", "v2", "version: v2 # x\n"),
        ("version: null\n", "1.10", 'version: "1.10"\n'),
        ("version: ''\n", "1.10", "version: '1.10'\n"),
    ],
)
def test_the_new_text_is_written_in_the_style_around_it(before, new, after):
    assert changed(before, new) == after


def test_several_scalars_of_several_documents_change_at_once():
    before = b"a: v1\nb: v1\n---\na: v1\n...\n"
    assert (
        replace_scalars(before, {"/1/a": "v3", "/0/b": "2", "/0/a": "v1"}, "f") == b'a: v1\nb: "2"\n---\na: v3\n...\n'
    )


def test_json_stays_json():
    before = '{\n\t"version": "v1",\t"x": "\\u00e9\\/"\r\n}'
    assert changed(before, 'a"\\\x7f\U000e0001é', name="f.json") == before.replace(
        "v1", 'a\\"\\\\\\u007f\\udb40\\udc01é'
    )
    assert changed('{"version": 1}', "2", name="f.json") == '{"version": "2"}'


WRITTEN_OUT = "which would change too; expected the value written out where it is used"
BOTH = "/0/version and /0/x changed together"
MERGED = "/0/base/version and /0/a/version changed together"
ANCHOR = "version: &v v1\nx: *v\n"
BASE = "base: &b {version: v1}\na:\n  <<: *b\nb: {<<: *b, version: v9}\n"


@pytest.mark.parametrize(
    ("before", "pointer", "message"),
    [
        (
            ANCHOR,
            "/0/version",
            f"f.yaml:1 /0/version: the value belongs to the anchor &v, used again in line 2, {WRITTEN_OUT}, or {BOTH}",
        ),
        (
            ANCHOR,
            "/0/x",
            (
                "f.yaml:2 /0/x: the alias *v (line 2) brings the value from &v; "
                f"expected the value written out, or {BOTH}"
            ),
        ),
        (
            BASE,
            "/0/base/version",
            (
                f"f.yaml:1 /0/base/version: the value belongs to the anchor &b, used again in line 3, 4, "
                f"{WRITTEN_OUT}, or {MERGED}"
            ),
        ),
        (
            BASE,
            "/0/a/version",
            (
                "f.yaml:3 /0/a/version: the value comes from &b (line 1) through a merge key; "
                f"expected the value written out, or {MERGED}"
            ),
        ),
        (
            "a: &v v1\n*v : 1\n",
            "/0/a",
            f"f.yaml:1 /0/a: the value belongs to the anchor &v, used again in line 2, {WRITTEN_OUT}",
        ),
        ("v: !x y\n", "/0/v", "f.yaml:1 /0/v: it has the tag !x; expected a value without a tag"),
        ("v: !!int 1\n", "/0/v", "f.yaml:1 /0/v: it has the tag !!int; expected a value without a tag"),
        ("v: |-\n  a\n  b\n", "/0/v", "f.yaml:1 /0/v: it is a block of text (|); expected a value on one line"),
        ("v: >-\n  a\n  b\n", "/0/v", "f.yaml:1 /0/v: it is a block of text (>); expected a value on one line"),
        ("v: |-\n", "/0/v", "f.yaml:1 /0/v: it is a block of text (|); expected a value on one line"),
        (
            "v: >\n  v1\n",
            "/0/v",
            (
                "f.yaml:1 /0/v: its block (>) keeps the line break behind it; "
                "expected the block >-, or a value on one line"
            ),
        ),
        ("{v}\n", "/0/v", 'f.yaml:1 /0/v: there is nothing behind the key; expected a value such as ""'),
        ("v: {a: 1}\n", "/0/v", "f.yaml:1 /0/v: it is a mapping; expected a single value"),
        ("v: [a]\n", "/0/v", "f.yaml:1 /0/v: it is a sequence; expected a single value"),
        ("a: 1\nv: {}\n", "/0/v/w", "f.yaml:2 /0/v/w: there is no value here; expected a single value"),
    ],
)
def test_what_cannot_change_alone_is_refused_by_name(before, pointer, message):
    with pytest.raises(BadInputError) as error:
        changed(before, "v2", pointer)
    assert str(error.value) == message


def test_places_that_are_one_change_together_when_all_are_asked_for():
    assert replace_scalars(ANCHOR.encode(), {"/0/version": "v2", "/0/x": "v2"}, "f") == b"version: &v v2\nx: *v\n"
    with pytest.raises(BadInputError, match="brings the value from &v"):
        replace_scalars(ANCHOR.encode(), {"/0/version": "v2", "/0/x": "v3"}, "f")
    with pytest.raises(BadInputError, match="would change too"):
        replace_scalars(ANCHOR.encode(), {"/0/version": "v1", "/0/x": "v3"}, "f")


def test_an_anchor_whose_users_all_say_otherwise_may_change():
    before = "base: &b {version: v1}\nb: {<<: *b, version: v9}\n"
    assert changed(before, "v2", "/0/base/version") == before.replace("v1", "v2")


def test_a_text_that_utf8_cannot_hold_is_refused():
    with pytest.raises(BadInputError, match="the new value is not text that UTF-8 can hold"):
        changed("version: v1\n", "\ud800")


HEADERS = ["|-", ">-", "|2-", ">2-  # as it is"]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(HEADERS), texts, texts, st.sampled_from(["", "\n", "\r\n", "\n\n# x\nw: 1\n"]))
def test_the_line_of_a_block_changes_to_whatever_can_be_a_line(header, old, new, after):
    old, new = (" ".join(text.split()) for text in (old, new))
    assume(old.isprintable() and new.isprintable() and old and new)
    before = f"v: {header}\n  {{}}{after}"
    assert changed(before.replace("{}", old), new, "/0/v") == before.replace("{}", new)


@settings(max_examples=200, deadline=None)
@given(texts, st.sampled_from(["", "\n", "  # none yet\n", "\r\nw: 1\r\n", "\n# x\n\nw: 1\n"]))
def test_what_is_not_there_yet_is_written_behind_its_key_as_any_text(new, after):
    result = changed(f"v:{after}", new, "/0/v")
    assert parse(result.encode(), "f.yaml").value("/0/v") == new
    assert (result[:3], result[len(result) - len(after) :]) == ("v: ", after)
    assert "\n" not in result[: len(result) - len(after)]


@pytest.mark.parametrize(
    "before",
    [
        "v: 1.10 # x\n",
        "v: '1.0'\n",
        "v: v1\nw: 'x'\n",
        "v:\n",
        "v: # none yet\n",
        "v:   # none yet\n",
        "v: ~\n",
        "v: ''",
        "v: &v # none yet\n",
        "{v: , w: 1}\n",
        "{v: null}\n",
        "v: 2026-11-23\n",
        "v: >-\n  1.0\n",
        'v: "1.\\\n  0"\n',
        "v: on\n",
        'v: \'{"a": "1.0"}\'\n',
        "v: \"a: '1.0'\\n\"\n",
        "v: |\n  a:   # none yet\n  b: 1.10\n",
    ],
)
def test_what_was_written_comes_back_as_it_was(before):
    pointer = "/0/v/0/a" if parse(before.encode(), "f").within("/0/v") else "/0/v"
    old = parse(before.encode(), "f").scalar(pointer)
    after = changed(before, "9.9", pointer)
    assert parse(after.encode(), "f").value(pointer) == "9.9"
    assert replace_scalars(after.encode(), {pointer: Written(old.text, old.source)}, "f") == before.encode()


def test_what_cannot_be_written_as_it_was_is_written_anew_and_a_null_is_not():
    assert replace_scalars(b"[v2]", {"/0/0": Written("a, b", "a, b")}, "f") == b'["a, b"]'
    assert replace_scalars(b'{"v": "v2"}', {"/0/v": Written("v1", "v1")}, "f.json") == b'{"v": "v1"}'
    with pytest.raises(BadInputError, match=r"^f\.json:1 /0/v: the new value cannot be written here"):
        replace_scalars(b'{"v": "v2"}', {"/0/v": Written("~", "~")}, "f.json")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(exactness.edits())
def test_an_edit_and_what_was_written_before_is_the_file_as_it_was(edit):
    file, wanted = edit
    text = parse(file.content, file.name)
    spots = {file.spots[number].pointer: new for number, new in wanted.items()}
    after = replace_scalars(file.content, spots, file.name)
    olds = {pointer: text.scalar(pointer) for pointer in spots}
    back = {pointer: Written(old.text, old.source) for pointer, old in olds.items()}
    assert replace_scalars(after, back, file.name) == file.content
