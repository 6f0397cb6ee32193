"""What Git says, and what a person is told of it: why, and whether trying again can help."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError, UnavailableError
from meshroll.gitops.git import Remote
from meshroll.gitops.git.failures import declined, explain, is_race

REMOTE = Remote("ssh://git.example/r.git", "main")
ADVICE = (
    "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\n"
    "and the repository exists.\n"
)


AWAY, AGAIN, ODD = "it cannot be reached", "; trying again may help", "the server does not answer as a Git server does"
SETTINGS = "the settings of Git or SSH do not allow it"
REFUSED = "ssh: connect to host git.example port 22: Connection refused"
UNKNOWN = "ssh: Could not resolve hostname git.example: Name or service not known"
OPTION = "/root/.ssh/config: line 1: Bad configuration option: x"


def http(status: int) -> str:
    return f"unable to access 'https://h/': The requested URL returned error: {status}"


@pytest.mark.parametrize(
    ("said", "what", "kind"),
    [
        (f"{REFUSED}\n{ADVICE}", f"{AWAY} ({REFUSED}){AGAIN}", UnavailableError),
        (f"{UNKNOWN}\n{ADVICE}", f"{AWAY} ({UNKNOWN}){AGAIN}", UnavailableError),
        (f"ERROR: It is suspended.\n{ADVICE}", f"{AWAY} (ERROR: It is suspended.)", UnavailableError),
        (f"{OPTION}\n{ADVICE}", f"{SETTINGS} ({OPTION})", BadInputError),
        (f"fatal: invalid gitfile format: /etc/passwd\n{ADVICE}", "there is no such repository", BadInputError),
        (f"fatal: {http(429)}\n", f"{AWAY} ({http(429)}){AGAIN}", UnavailableError),
        (f"fatal: {http(503)}\n", f"{AWAY} ({http(503)}){AGAIN}", UnavailableError),
        (f"fatal: {http(407)}\n", f"{ODD} ({http(407)})", BadInputError),
        ("fatal: transport 'ext' not allowed\n", f"{SETTINGS} (transport 'ext' not allowed)", BadInputError),
    ],
)
def test_git_is_understood(said: str, what: str, kind: type[Exception]) -> None:
    error = explain(said, REMOTE)
    assert str(error) == f"repository {REMOTE.url}: {what}"
    assert type(error) is kind


@pytest.mark.parametrize(
    "reason",
    ["cannot lock ref 'refs/heads/main': is at 1 but expected 2", "failed to update ref", "stale info", "fetch first"],
)
def test_another_push_under_way_is_a_race(reason: str) -> None:
    assert is_race(reason)


@pytest.mark.parametrize("reason", ["pushes blocked by policy 42", "the branch is locked", "hook declined"])
def test_a_no_is_no_race_whatever_words_it_has(reason: str) -> None:
    assert not is_race(reason)
    assert str(declined(reason, "", REMOTE)) == f"repository {REMOTE.url}: the server refused the push: {reason}"
