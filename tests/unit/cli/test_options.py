"""Options that several commands have, and errors in the words of the command line."""

from __future__ import annotations

import pytest

from meshroll.cli.options import errors_worded, requested_versions
from meshroll.errors import BadInputError, Key, Parameter, Phrase, Remedy
from meshroll.gitops.git import Remote

CREDENTIALS = (Key("repository.credentials"), " that may write")


def sentence(stack: str | None, where: Phrase) -> str:
    with pytest.raises(BadInputError) as caught, errors_worded(stack):
        raise BadInputError("it is wrong", where=where, expected=CREDENTIALS)
    return str(caught.value)


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (Key("repository.url"), "--repository"),
        (Key("repository.branch"), "--branch"),
        (Key("repository.credentials"), "MESHROLL_REPOSITORY_* variables"),
        ((Key("repository.credentials.sshKey"), " /k"), "MESHROLL_REPOSITORY_SSH_KEY /k"),
        ((Key("repository.credentials.knownHosts"), " /k"), "MESHROLL_REPOSITORY_KNOWN_HOSTS /k"),
        ((Key("repository.credentials.caFile"), " /k"), "MESHROLL_REPOSITORY_CA_FILE /k"),
        (Key("repository.commit"), "Git's configuration"),
        (Key("repository.commit.sign"), "commit.gpgSign in Git's configuration"),
        (Key("repository.commit.author"), "repository.commit.author"),
        ("repository.url", "repository.url"),
    ],
)
def test_without_a_stack_an_error_names_options_and_variables_instead_of_keys(where: Phrase, text: str) -> None:
    assert sentence(None, where) == f"{text}: it is wrong; expected MESHROLL_REPOSITORY_* variables that may write"


def test_with_a_stack_an_error_names_its_keys() -> None:
    assert sentence("prod", Key("repository.url")) == (
        "repository.url: it is wrong; expected repository.credentials that may write"
    )


@pytest.mark.parametrize("stack", ["prod", None])
@pytest.mark.parametrize(
    ("where", "text"),
    [
        (Parameter("over_newer"), "--over-newer"),
        (Parameter("to", "v1"), "--to v1"),
        (Remedy("history", "shop"), "`meshroll history shop`"),
    ],
)
def test_parameters_are_options_and_remedies_are_commands(stack: str | None, where: Phrase, text: str) -> None:
    assert sentence(stack, where).startswith(f"{text}: it is wrong; ")


def test_what_git_refuses_of_an_address_is_worded_too() -> None:
    with pytest.raises(BadInputError) as caught, errors_worded(None):
        Remote("https://ada:s3cret@git.example/r.git", "main")
    assert str(caught.value) == "--repository: the URL holds credentials; expected MESHROLL_REPOSITORY_* variables"


def test_the_versions_of_several_services_are_read() -> None:
    assert requested_versions(["a=v1", "b=x=y", "a=v1"]) == {"a": "v1", "b": "x=y"}


@pytest.mark.parametrize(
    ("texts", "text"),
    [
        (["a"], "--set: 'a' names no version; expected SERVICE=VERSION"),
        (["=v1"], "--set: '=v1' names no version; expected SERVICE=VERSION"),
        (["a b=v1"], "--set: 'a b' cannot be a service's name; expected SERVICE=VERSION"),
        (["a=v1", "a=v2"], "--set: two versions are requested of a; expected one"),
    ],
)
def test_what_is_not_a_service_and_a_version_is_refused(texts: list[str], text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        requested_versions(texts)
    assert str(caught.value) == text
