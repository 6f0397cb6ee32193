"""The plan's document: what was written is read back, what was touched since is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from meshroll.errors import BadInputError
from meshroll.gitops.plans import Canary, Edit, FindingKind, Plan, ServiceSettings
from meshroll.gitops.plans.serialize import SCHEMA, from_json, read_plan, to_json
from tests.support.git.plans import CANARY, FILE, POINTER, SCALAR, WHOLE, blob

(ONE,) = SCALAR.edits
DOCUMENTS = Path(__file__).parent / "documents"
"""Plans as Meshroll 0.1.0 wrote them.

Two clusters, named fields in an exact plan, a header's canary, a held service, a rendered file.
"""
SCHEMA_VALUE = json.loads(SCHEMA.read_text(encoding="utf-8"))


NONE = replace(SCALAR, timeline=(Canary("provider", CANARY.without_canary("it is the first release")),))
NOTE = replace(SCALAR, timeline=(Canary("provider", CANARY.with_note("no steps where it goes back")),))


@pytest.mark.parametrize(
    "plan", [SCALAR, WHOLE, NONE, NOTE, replace(SCALAR, exact=True, stack=""), replace(SCALAR, edits=(), changes=())]
)
def test_what_was_written_is_read_back(plan: Plan) -> None:
    assert from_json(to_json(plan).encode(), "p.json") == plan


@pytest.mark.parametrize("plan", [SCALAR, WHOLE, NONE, NOTE])
def test_the_document_fits_its_published_schema(plan: Plan) -> None:
    Draft202012Validator.check_schema(SCHEMA_VALUE)
    document = json.loads(to_json(replace(plan, releases={"shop": plan.hash})))
    Draft202012Validator(SCHEMA_VALUE).validate(document)
    wanted = {
        "version",
        "repository",
        "branch",
        "base",
        "edits",
        "diff",
        "applications",
        "timeline",
        "findings",
        "hash",
    }
    assert wanted <= document.keys()


def test_the_document_of_a_change_says_everything_in_plain_values() -> None:
    document = json.loads(to_json(SCALAR))
    assert document["edits"] == [
        {
            "file": "clusters/w/rollout.yaml",
            "line": 12,
            "pointer": "/0/spec/template/metadata/labels/version",
            "old": "v1",
            "new": "v2",
            "blob": "a" * 40,
            "service": "provider",
            "anchor": "/Rollout ~1provider/spec/template/metadata/labels/version",
        }
    ]
    assert document["applications"] == [{"application": "shop-w", "cluster": "w", "wave": 1}]
    assert document["timeline"] == [
        {
            "service": "provider",
            "stages": [
                {"step": 1, "gate": "pause", "weight": 5, "seconds": 600},
                {
                    "step": 3,
                    "gate": "pause",
                    "weight": 5,
                    "headers": [{"name": "lane", "match": "exact", "value": "new"}],
                    "seconds": None,
                },
            ],
            "words": ["5% for 10m", "lane: new and 5% of the rest until promoted"],
            "weights": [5, 5, 100],
            "manualGates": 1,
            "shortestSeconds": 600,
        }
    ]
    assert document["hash"] == SCALAR.hash


def test_a_document_in_another_layout_is_the_same_plan() -> None:
    compact = json.dumps(json.loads(to_json(SCALAR)), sort_keys=True).encode()
    assert from_json(compact, "p.json") == SCALAR


def _set(*path: str | int, to: Any) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = to

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("edits", 0, "new", to="v3"),
        _set("edits", 0, "line", to=13),
        _set("edits", 0, "blob", to="b" * 40),
        _set("edits", 0, "anchor", to="/0/a"),
        _set("repository", to="https://elsewhere.example/r.git"),
        _set("branch", to="live"),
        _set("base", to="e" * 40),
        _set("diff", to=""),
        _set("findings", to=[]),
        _set("changes", 0, "new", to="v3"),
        _set("settings", to={}),
        _set("exact", to=True),
        _set("stack", to="other"),
        _set("hash", to="0" * 64),
        _set("checksum", to="0" * 64),
    ],
)
def test_a_plan_edited_by_hand_is_refused(change: Callable[[Any], None]) -> None:
    document = json.loads(to_json(SCALAR))
    change(document)
    with pytest.raises(BadInputError) as caught:
        from_json(json.dumps(document).encode(), "p.json")
    assert str(caught.value) == (
        "p.json: the plan was changed since it was made; expected one as `meshroll plan` wrote it"
    )


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (replace(SCALAR, changes=()), f"{FILE} {POINTER}: it belongs to no change"),
        (replace(SCALAR, edits=(ONE, replace(ONE, new="v7"))), f"{FILE} {POINTER}: it is edited twice"),
        (replace(SCALAR, edits=(replace(ONE, new="v2\nevil: 1"),)), f"{FILE} {POINTER}: its new value cannot be a"),
        (
            replace(WHOLE, contents={**WHOLE.contents, "live/a/one.yaml": b"x"}),
            "live/a/one.yaml: its content does not match",
        ),
        (
            replace(WHOLE, edits=(Edit(".gitmodules", "", "", blob(b"x"), "a"),), contents={".gitmodules": b"x"}),
            ".gitmodules: a manifest does not have such a name",
        ),
    ],
)
def test_a_plan_whose_parts_contradict_each_other_is_refused_with_any_checksum(plan: Plan, sentence: str) -> None:
    with pytest.raises(BadInputError) as caught:
        from_json(to_json(plan).encode(), "p.json")
    assert str(caught.value).startswith(f"p.json: {sentence}")


@pytest.mark.parametrize("value", ["x", {"path": 5}, {"fields": "x"}, {"template": 5}, {"undo": "x"}])
def test_settings_of_another_shape_are_refused(value: Any) -> None:
    document = json.loads(to_json(SCALAR))
    document["settings"] = {"provider": value}
    with pytest.raises(BadInputError, match=r"^p\.json /settings/provider"):
        from_json(json.dumps(document).encode(), "p.json")


@pytest.mark.parametrize("name", ["fields", "header", "held", "rendered", "two_clusters"])
def test_a_plan_of_an_earlier_version_is_read_and_written_as_it_was(name: str) -> None:
    file = DOCUMENTS / f"{name}.json"
    assert to_json(read_plan(file)) == file.read_text()


def test_the_settings_of_an_earlier_plan_are_values() -> None:
    settings = {file.stem: read_plan(file).settings for file in DOCUMENTS.iterdir()}
    assert settings == {
        "fields": {"provider": (ServiceSettings("clusters/east", ("label:version",)),)},
        "header": {"provider": (ServiceSettings("clusters/w", ("label:version",)),)},
        "held": {},
        "rendered": {"shop": (ServiceSettings("live", template="weight"),)},
        "two_clusters": {"provider": (ServiceSettings("clusters/east", ()), ServiceSettings("clusters/west", ()))},
    }


def test_a_finding_of_an_unknown_kind_is_refused() -> None:
    document = json.loads(to_json(SCALAR))
    document["findings"][0]["kind"] = "odd"
    with pytest.raises(BadInputError, match=r"^p\.json /findings/0/kind: it is not a plan: 'odd' is not one of "):
        from_json(json.dumps(document).encode(), "p.json")


def test_the_schema_lists_the_kinds_that_the_code_knows() -> None:
    kinds = SCHEMA_VALUE["properties"]["findings"]["items"]["properties"]["kind"]["enum"]
    assert kinds == list(get_args(FindingKind))


def test_half_a_character_is_no_plan() -> None:
    text = to_json(SCALAR).replace("git.example", "\\udcff")
    with pytest.raises(BadInputError) as caught:
        from_json(text.encode(), "p.json")
    assert str(caught.value) == "p.json:3:17: is not JSON at '\"'; expected both halves of each surrogate pair"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "p.json:1:1: is not JSON at its end; expected a value"),
        (b"{\n,", "p.json:2:1: is not JSON at ','; expected a quoted key or }"),
        (b"\xff", "p.json: is not UTF-8 (byte 0)"),
        (b"[" * 100_000, "p.json:1:101: is nested too deeply; expected at most 100 levels"),
        (b"[]", "p.json: it is not a plan; expected a JSON object"),
        (b'{"version": 1, "version": 1}', "p.json:1:16: version occurs twice"),
        (b"{}", "p.json: it is not a plan of this format (no version); expected version 1 or 2"),
        (b'{"version": 3}', "p.json: it is not a plan of this format (version 3); expected version 1 or 2"),
        (b'{"version": true}', "p.json: it is not a plan of this format (version True); expected version 1 or 2"),
    ],
)
def test_what_is_no_plan_is_refused_in_one_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(BadInputError) as caught:
        from_json(content, "p.json")
    assert str(caught.value) == sentence


def test_what_does_not_fit_the_schema_is_named_with_its_pointer() -> None:
    document = json.loads(to_json(SCALAR))
    document["edits"][0]["line"] = "12"
    with pytest.raises(BadInputError) as caught:
        from_json(json.dumps(document).encode(), "p.json")
    assert str(caught.value) == (
        "p.json /edits/0/line: it is not a plan: '12' is not of type 'integer'; "
        "expected what plan.schema.json describes"
    )


def test_a_file_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        read_plan(tmp_path / "p.json")
    assert str(caught.value) == f"{tmp_path}/p.json: it cannot be read (No such file or directory); expected a plan"
