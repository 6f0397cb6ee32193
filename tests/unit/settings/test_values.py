import json
from dataclasses import replace

import pulumi.runtime
import pytest

from meshroll.errors import BadInputError
from meshroll.settings import document, load_file, load_values, pulumi_config
from tests.support.stack_files import ENVIRON, TEXT, write


def values(**changes):
    config = document.parse(TEXT, "f").value["config"]
    config["meshroll:repository"]["credentials"] = {"password": "opened"}
    return config | {f"meshroll:{key}": value for key, value in changes.items()}


def services(version):
    return {"provider": {**values()["meshroll:services"]["provider"], "version": version}}


def message(config, file=None, secrets=()):
    with pytest.raises(BadInputError) as error:
        load_values("test", config, file, ENVIRON, secrets)
    return str(error.value)


def test_pulumis_values_make_the_same_stack_as_the_file(tmp_path):
    path = write(tmp_path)
    config = document.parse(TEXT, "f").value["config"]
    assert load_values("test", config, path, ENVIRON) == load_file(path, ENVIRON)


def test_pulumis_values_count_and_not_the_files(tmp_path):
    path = write(tmp_path)
    stack = load_values("test", values(services=services("v7")), path, ENVIRON)
    assert stack.services[0].version == "v7"
    assert replace(stack, services=()) == replace(load_values("test", values(), path, ENVIRON), services=())


def test_a_format_set_on_the_command_line_is_text_and_counts():
    assert load_values("test", values(format="1"), None, ENVIRON).name == "test"


def test_an_opened_secret_still_has_its_line(tmp_path):
    path = write(tmp_path, TEXT.replace("{env: TOKEN}", "{secure: v1:abc}").replace("clusters/{cluster}", "/x"))
    config = values()
    config["meshroll:repository"]["path"] = "/x"
    assert message(config, path).startswith(f"{path}:18 /config/meshroll:repository/path: /x does not fit")


def test_a_value_that_the_file_has_otherwise_has_no_line(tmp_path):
    path = write(tmp_path)
    assert message(values(services=services(2)), path) == (
        'configuration of stack test /config/meshroll:services/provider/version: 2 is read as a number: quote it, "2"'
    )


def test_a_file_that_cannot_be_read_only_costs_the_lines(tmp_path):
    path = write(tmp_path, "a: [\n")
    assert message(values(services=services(2)), path).startswith("configuration of stack test /config/")


def test_a_date_that_pulumi_made_text_is_still_to_be_quoted(tmp_path):
    path = write(tmp_path, TEXT.replace("version: v1\n", "version: 2026-11-23\n"))
    assert message(values(services=services("2026-11-23 00:00:00 +0000 UTC")), path) == (
        f"{path}:23 /config/meshroll:services/provider/version: "
        "2026-11-23 is read as a date: quote it in the stack file"
    )


def test_an_unknown_key_on_the_command_line_is_refused_and_other_namespaces_pass():
    assert message(values(servces={}) | {"aws:region": "x"}) == (
        "configuration of stack test /config/meshroll:servces: "
        "unknown key meshroll:servces: did you mean meshroll:services?"
    )


def test_a_key_that_holds_a_secret_is_not_shown():
    config = values(delivery={"namespace": "shop", "wait": "s3cret"})
    assert message(config, secrets=["meshroll:delivery"]) == (
        "configuration of stack test /config/meshroll:delivery/wait: the value is not known; "
        "expected committed or synced or step or finished"
    )


@pytest.fixture
def program(monkeypatch):
    """What a language host sets before it runs a program."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values().items()}
    pulumi.runtime.set_all_config(texts, ["meshroll:repository"])
    monkeypatch.setattr(pulumi, "get_stack", lambda: "organization/meshroll/test")
    yield
    pulumi.runtime.set_all_config({}, [])


@pytest.mark.usefixtures("program")
def test_the_programs_configuration_is_decoded_and_its_secret_keys_are_known(tmp_path):
    (tmp_path / "stacks").mkdir()
    path = write(tmp_path / "stacks")
    found = pulumi_config.read(tmp_path)
    assert found == pulumi_config.PulumiConfig(
        stack="organization/meshroll/test",
        values={key: value for key, value in values().items() if key.startswith("meshroll:")},
        secret_keys=frozenset({"meshroll:repository"}),
        file=path,
    )
    assert "opened" not in repr(found)


@pytest.mark.usefixtures("program")
def test_a_program_without_a_file_has_the_name_of_the_usual_one(tmp_path):
    assert pulumi_config.read(tmp_path).file == tmp_path / "stacks" / "Pulumi.test.yaml"


def test_a_host_that_only_sets_the_environment_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"meshroll:format": "1", "aws:region": "x"}))
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", json.dumps(["meshroll:format", "aws:region"]))
    monkeypatch.setattr(pulumi, "get_stack", lambda: "test")
    found = pulumi_config.read(tmp_path)
    assert (found.values, found.secret_keys) == ({"meshroll:format": 1}, frozenset({"meshroll:format"}))


GIT = (
    "a secret would be committed to Git in clear; "
    "expected the name of a Secret, such as {secretKeyRef: {name: SECRET, key: KEY}} in env"
)


def with_token(token):
    provider = values()["meshroll:services"]["provider"]
    return {"provider": {**provider, "parameters": {**provider["parameters"], "env": {"TOKEN": token}}}}


def test_a_secret_parameter_is_refused_where_the_file_has_it(tmp_path):
    text = TEXT.replace("        port: 20880\n", "        port: 20880\n        env: {TOKEN: {secure: v1:abc}}\n")
    path = write(tmp_path, text.replace("{env: TOKEN}", "opened"))
    assert message(values(services=with_token("s3cret")), path, {"meshroll:services"}) == (
        f"{path}:28 /config/meshroll:services/provider/parameters/env/TOKEN: {GIT}"
    )


def test_a_secret_parameter_is_refused_by_its_key_where_the_file_is_another(tmp_path):
    for file in (None, write(tmp_path)):
        assert message(values(services=with_token("s3cret")), file, {"meshroll:services"}) == (
            f"configuration of stack test /config/meshroll:services: {GIT}"
        )


def test_a_secret_that_the_state_would_keep_in_clear_is_refused():
    assert message(values(), None, {"meshroll:delivery"}) == (
        "configuration of stack test /config/meshroll:delivery: a secret would be kept in Pulumi's state in clear; "
        "expected a plain value or {env: NAME}"
    )


def test_the_credentials_of_the_repository_may_be_secret():
    assert load_values("test", values(), None, ENVIRON, {"meshroll:repository"}).name == "test"
