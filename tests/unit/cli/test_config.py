import pytest
from click.testing import CliRunner

from meshroll.cli.config import config_command, set_command
from meshroll.errors import BadInputError

STACK = """\
config:
  meshroll:format: 1
  meshroll:clusters: {host: {context: host}, east: {context: east}}
  meshroll:workers: [east]
  meshroll:argocd: {cluster: host, project: shop}
  meshroll:repository: {url: https://git.example/r.git, path: "x/{cluster}", credentials: {password: {env: TOKEN}}}
  meshroll:delivery: {namespace: shop}
  meshroll:services: {}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A Pulumi project with one stack; the test stands in a folder below it."""
    (tmp_path / "Pulumi.yaml").write_text("name: x\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.test.yaml").write_text(STACK)
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path / "docs")
    monkeypatch.setenv("TOKEN", "s3cret")
    return tmp_path


def run(command, *arguments):
    result = CliRunner().invoke(command, arguments, catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_config_prints_value_and_origin_and_no_secret(project):
    rows = [line.split() for line in run(config_command, "-s", "test", "--cluster", "east").splitlines()]
    file = str(project / "stacks" / "Pulumi.test.yaml")
    assert ["/config/meshroll:repository/path", '"x/east"', f"{file}:6"] in rows
    assert ["/config/meshroll:delivery/timeout", '"10m"', "default"] in rows
    password = ["/config/meshroll:repository/credentials/password", '"***"', "environment", "variable", "TOKEN"]
    assert [*password, f"({file}:6)"] in rows
    assert "s3cret" not in str(rows)


def test_set_says_what_it_changed_and_changes_nothing_twice(project):
    path = project / "stacks" / "Pulumi.test.yaml"
    path.write_text(STACK.replace("{}", "{provider: {version: v1, template: weight}}"))
    assert run(set_command, "provider", "v2", "-s", "test") == f"provider: v1 -> v2 ({path})\n"
    assert run(set_command, "provider", "v2", "--file", str(path)) == f"provider has v2 already ({path})\n"
    assert path.read_text() == STACK.replace("{}", "{provider: {version: v2, template: weight}}")


@pytest.mark.parametrize("arguments", [[], ["-s", "test", "--file", "x"]])
def test_one_way_to_name_the_stack_is_needed(arguments):
    with pytest.raises(BadInputError, match=r"which stack\? pass -s STACK or --file FILE"):
        run(config_command, *arguments)
