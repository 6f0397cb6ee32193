from pathlib import Path

import pytest

from meshroll.errors import BadInputError
from meshroll.sandbox.pods.images import ImageRule, Table, load, parse

EXAMPLE = "release-ci.daocloud.io/mspider/spring-dubbo3-{}:v0.2"


@pytest.mark.parametrize(("role", "port"), [("consumer", 8080), ("provider", 20880)])
def test_the_built_in_table_runs_the_examples_images(role: str, port: int) -> None:
    found = load().find(EXAMPLE.format(role), {})
    assert found == ImageRule(image=f"*/spring-dubbo3-{role}:*", command=("{workload}", role), port=port)


def test_an_unknown_image_is_run_by_nothing() -> None:
    assert load().find("nginx:1.27", {}) is None


def test_a_users_table_comes_before_the_built_in_one(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text('workloads: [{image: "*provider*", command: [python, own.py]}]\n')
    found = load([own]).find(EXAMPLE.format("provider"), {})
    assert found == ImageRule(image="*provider*", command=("python", "own.py"))


def test_a_row_may_ask_for_variables() -> None:
    failing = ImageRule(image="*", command=("false",), env={"MODE": "bad*"})
    table = Table((failing, ImageRule(image="*", command=("true",))))
    commands = [table.find("x", env).command for env in ({"MODE": "badly"}, {"MODE": "good"}, {})]  # type: ignore[union-attr]
    assert commands == [("false",), ("true",), ("true",)]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "t: this is not a table of workloads; expected one key, workloads, with a list"),
        ({"workloads": ["x"]}, "t: /workloads/0: a row must be a mapping; expected keys command, env, image, port"),
        (
            {"workloads": [{"image": "x", "command": ["y"], "prot": 1}]},
            "t: /workloads/0: unknown key prot; expected keys command, env, image, port",
        ),
        (
            {"workloads": [{"command": ["y"]}]},
            "t: /workloads/0: image is missing; expected a glob for the image's name",
        ),
        (
            {"workloads": [{"image": "x", "command": "y"}]},
            "t: /workloads/0: command is missing; expected a list of strings, the program first",
        ),
        (
            {"workloads": [{"image": "x", "command": ["y"], "env": {"A": 1}}]},
            "t: /workloads/0: env must map names to globs; expected strings; quote numbers",
        ),
        (
            {"workloads": [{"image": "x", "command": ["y"], "port": 80}]},
            "t: /workloads/0: port 80 cannot be used; expected a number from 1024 to 65535",
        ),
    ],
)
def test_a_wrong_table_is_one_sentence(document: object, sentence: str) -> None:
    with pytest.raises(BadInputError) as caught:
        parse(document, "t")
    assert str(caught.value) == sentence


def test_a_missing_table_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        load([tmp_path / "none.yaml"])
    assert str(caught.value) == f"{tmp_path}/none.yaml: cannot be read (No such file or directory)"
