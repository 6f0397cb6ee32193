"""Keys of a stack become options and variables, and nothing else does."""

from __future__ import annotations

import pytest

from meshroll.cli.options import said_without
from meshroll.errors import BadInputError


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("repository.url", "--repository"),
        ("repository.branch", "--branch"),
        ("repository.credentials", "MESHROLL_REPOSITORY_* variables"),
        ("repository.credentials.sshKey /k", "MESHROLL_REPOSITORY_SSH_KEY /k"),
        ("repository.credentials.knownHosts /k", "MESHROLL_REPOSITORY_KNOWN_HOSTS /k"),
        ("repository.credentials.caFile /k", "MESHROLL_REPOSITORY_CA_FILE /k"),
        ("repository.commit", "Git's configuration"),
        ("repository.commit.sign", "commit.gpgSign in Git's configuration"),
        ("repository file:///repository.url/repository.branch.git", None),
        ("apps/repository.branch/x.yaml:3", None),
    ],
)
def test_without_a_stack_errors_are_in_the_words_of_the_command_line(where: str, said: str | None) -> None:
    with pytest.raises(BadInputError) as caught, said_without(None):
        raise BadInputError("it is wrong", where=where, expected="repository.credentials that may write")
    assert str(caught.value) == (
        f"{said or where}: it is wrong; expected MESHROLL_REPOSITORY_* variables that may write"
    )


def test_with_a_stack_they_stay_as_they_are() -> None:
    with pytest.raises(BadInputError, match=r"^repository\.url: it is wrong$"), said_without("prod"):
        raise BadInputError("it is wrong", where="repository.url")
