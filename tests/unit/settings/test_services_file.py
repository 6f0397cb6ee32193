"""Services in a file of their own: as if they stood in the stack file, with lines of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from meshroll.errors import BadInputError
from meshroll.settings import document, explain, load_file, load_values, set_version
from meshroll.settings.model import Stack
from meshroll.settings.schema import schema
from tests.support.stack_files import ENVIRON, TEXT, write

HEAD, KEY, BELOW = TEXT.partition("  meshroll:services:\n")
SERVICES = "".join(line[4:] for line in BELOW.splitlines(keepends=True))
NAMED = HEAD + "  meshroll:services: {file: services.yaml}\n"
LINE = NAMED.count("\n")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Pulumi project, and the current folder."""
    folder = tmp_path / "project"
    (folder / "stacks").mkdir(parents=True)
    (folder / "Pulumi.yaml").touch()
    monkeypatch.chdir(folder)
    return folder


def named(project: Path, services: str = SERVICES, name: str = "services.yaml") -> Path:
    """A stack file that names the file, beside it, with the services."""
    (project / "stacks" / "services.yaml").write_text(services)
    return write(project / "stacks", NAMED.replace("services.yaml", name))


def from_file(stack: Path) -> Stack:
    return load_file(stack, ENVIRON)


def from_pulumi(stack: Path) -> Stack:
    """As the program loads it: the engine hands over what the stack file holds, the secret opened."""
    config = document.read(stack).value["config"]
    return load_values("test", config, stack, ENVIRON)


INSIDE = "expected a path from the stack file to a file inside ."
OUTSIDE = f"is outside of the project; {INSIDE}"
ENCRYPTED = (
    "pulumi opens only the secrets in a stack file; expected "
    "the name of a Secret, such as {secretKeyRef: {name: SECRET, key: KEY}} in env"
)
both = pytest.mark.parametrize("load", [from_file, from_pulumi])
Load = Callable[[Path], Stack]


@both
def test_it_is_the_stack_that_names_its_services_itself(project: Path, load: Load) -> None:
    inline = load(write(project / "stacks", name="inline"))
    assert replace(load(named(project)), name=inline.name, file=inline.file) == inline


def test_a_program_gets_the_services_in_the_order_in_which_pulumi_hands_them_over(project: Path) -> None:
    other = SERVICES.replace("provider:", "consumer:")
    stack = named(project, SERVICES + other)
    assert [service.name for service in from_file(stack).services] == ["provider", "consumer"]
    assert [service.name for service in from_pulumi(stack).services] == ["consumer", "provider"]


def test_what_is_effective_and_where_it_stands(project: Path) -> None:
    rows = {item.pointer: item.origin for item in explain(named(project), environ=ENVIRON)}
    below = "/config/meshroll:services/provider"
    assert rows[f"{below}/version"] == "stacks/services.yaml:2"
    assert rows[f"{below}/parameters/steps/1/pause/duration"] == "stacks/services.yaml:9"
    assert rows[f"{below}/parameters/replicas"] == "default of template weight"
    assert rows["/config/meshroll:delivery/namespace"] == f"stacks/Pulumi.test.yaml:{LINE - 1}"
    assert f"{below}/file" not in rows


@both
@pytest.mark.parametrize(
    ("services", "sentence"),
    [
        (
            "provider: {version: 1.10, template: weight}\n",
            '1 /provider/version: 1.10 is read as a number: quote it, "1.10"',
        ),
        (
            "\nprovider: {template: weight, verion: v1}\n",
            "2 /provider/verion: unknown key verion: did you mean version?",
        ),
        (
            "a: {version: 1, template: weight}\nb: {verion: v}\n",
            "2 /b/verion: unknown key verion: did you mean version?",
        ),
        ("a: {version: 1, template: weight}\nb: {version: 2}\n", '1 /a/version: 1 is read as a number: quote it, "1"'),
        (
            "provider:\n  version: v1\n  template: weight\n  parameters: {image: 'a:1', prt: 80}\n",
            "4 /provider/parameters/prt: unknown parameter `prt`; expected `port`",
        ),
        ("a: {version: {env: NONE}}\n", "1 /a/version: the environment variable NONE is not set"),
        ("a: {version: v1}\n", "1 /a: template is missing"),
        ("- a\n", "1: the value is a list; expected a mapping"),
        ("", "1: the value is empty; expected a mapping"),
        ("file: other.yaml\n", "1 /file: it names another file, other.yaml; expected the services"),
        ("a: {\n", "2"),
        (
            "a: {version: v1, template: weight, parameters: {image: {secure: AAAB}}}\n",
            f"1 /a/parameters/image: {ENCRYPTED}",
        ),
        ("a: {fields: [{image: x}, {secure: AAAB}]}\n", f"1 /a/fields/1: {ENCRYPTED}"),
    ],
)
def test_an_error_has_the_files_own_path_and_line(project: Path, load: Load, services: str, sentence: str) -> None:
    stack = named(project, services)
    with pytest.raises(BadInputError) as caught:
        load(stack)
    assert str(caught.value).startswith(f"stacks/services.yaml:{sentence}")


@both
def test_the_first_error_is_the_first_in_the_order_of_reading(project: Path, load: Load) -> None:
    stack = named(project, "a: {version: 1, template: weight}\n")
    stack.write_text(
        NAMED.replace("{namespace: shop}", "{namespace: 7}") + "  meshroll:namespaces: {a: {injection: 7}}\n"
    )
    with pytest.raises(BadInputError, match=rf"^stacks/Pulumi\.test\.yaml:{LINE - 1} "):
        load(stack)
    stack.write_text(NAMED + "  meshroll:namespaces: {a: {injection: 7}}\n")
    with pytest.raises(BadInputError, match=r"^stacks/services\.yaml:1 /a/version: "):
        load(stack)


@both
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("none.yaml", "there is no file stacks/none.yaml; expected the stack's services"),
        ("../stacks", "there is no file stacks; expected the stack's services"),
        ("../../services.yaml", f"../../services.yaml {OUTSIDE}"),
        ("link.yaml", f"link.yaml {OUTSIDE}"),
        ("/dev/null", f"/dev/null is absolute; {INSIDE}"),
        ("loop.yaml", "'loop.yaml' cannot be the name of a file"),
        ('"a\\0b"', "'a\\x00b' cannot be the name of a file"),
    ],
)  # fmt: skip
def test_a_file_elsewhere_is_refused(project: Path, load: Load, name: str, what: str) -> None:
    (project.parent / "services.yaml").write_text(SERVICES)
    (project / "stacks" / "link.yaml").symlink_to("../../services.yaml")
    (project / "stacks" / "loop.yaml").symlink_to("loop.yaml")
    stack = named(project, name=name)
    with pytest.raises(BadInputError) as caught:
        load(stack)
    assert str(caught.value) == f"stacks/Pulumi.test.yaml:{LINE} /config/meshroll:services/file: {what}"


@both
def test_an_absolute_path_is_refused_inside_the_project_too(project: Path, load: Load) -> None:
    absolute = project / "stacks" / "services.yaml"
    with pytest.raises(BadInputError, match=re.escape(f"{absolute} is absolute; {INSIDE}")):
        load(named(project, name=str(absolute)))


@both
def test_a_file_in_another_folder_of_the_project_may_be_named_through_a_link(project: Path, load: Load) -> None:
    (project / "deploy").mkdir()
    (project / "deploy" / "all.yaml").write_text(SERVICES)
    (project / "stacks" / "link.yaml").symlink_to("../deploy/all.yaml")
    for name in ("../deploy/all.yaml", "link.yaml"):
        assert [service.name for service in load(named(project, name=name)).services] == ["provider"]


def test_outside_of_a_project_the_file_is_beside_the_stack_file(tmp_path: Path) -> None:
    (tmp_path / "services.yaml").write_text(SERVICES)
    assert [service.name for service in from_file(write(tmp_path, NAMED)).services] == ["provider"]
    with pytest.raises(BadInputError, match="is outside of the project"):
        from_file(write(tmp_path, NAMED.replace("services.yaml", "../services.yaml")))


def test_a_program_whose_values_come_from_elsewhere_reads_the_file_beside_its_usual_one(project: Path) -> None:
    stack = named(project)
    config = document.read(stack).value["config"]
    stack.unlink()
    assert [service.name for service in load_values("test", config, stack, ENVIRON).services] == ["provider"]
    with pytest.raises(BadInputError) as caught:
        load_values("test", {**config, "meshroll:services": {"file": "none.yaml"}}, stack, ENVIRON)
    assert str(caught.value) == (
        "configuration of stack test /config/meshroll:services/file: "
        "there is no file stacks/none.yaml; expected the stack's services"
    )


def test_a_service_may_be_called_file(project: Path) -> None:
    stack = named(project, SERVICES.replace("provider:", "file:"))
    assert [service.name for service in from_file(stack).services] == ["file"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab:{}'\" #é🐍", max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", min_size=1), inner, max_size=2),
    max_leaves=6,
)


@settings(deadline=None)
@given(other=VALUES, comment=st.sampled_from(["", "  # v1", "\r\n# v1"]))
def test_setting_a_version_changes_its_bytes_alone(tmp_path_factory: Any, other: Any, comment: str) -> None:
    folder = tmp_path_factory.mktemp("set")
    before = (
        "\ufeff# v1\r\na: " + json.dumps(other, ensure_ascii=False) + "\r\nprovider: {template: weight, version: 'v1"
    )
    after = f"'}}{comment}\r\nb: " + json.dumps(other, ensure_ascii=False)
    (folder / "services.yaml").write_bytes((before + after).encode())
    stack = write(folder, NAMED)
    assert set_version(stack, "provider", "v2") == ("v1", "v2", folder / "services.yaml")
    assert (folder / "services.yaml").read_bytes() == (before.removesuffix("v1") + "v2" + after).encode()
    assert stack.read_text() == NAMED


def test_a_service_that_is_not_in_the_file_is_not_set(project: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        set_version(named(project), "provder", "v2")
    assert str(caught.value) == "stacks/services.yaml:1: there is no service provder: did you mean provider?"


def test_editors_know_both_ways_to_write_services(project: Path) -> None:
    validator = Draft202012Validator(schema())
    value = document.read(named(project)).value
    assert validator.is_valid(value)
    for wrong in ({"file": ""}, {"file": "a", "other": "b"}, {"files": "a"}, "services.yaml"):
        value["config"]["meshroll:services"] = wrong
        assert not validator.is_valid(value)
