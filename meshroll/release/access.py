"""What opens a repository that no stack describes: variables of the environment, or Git's own configuration."""

from __future__ import annotations

from collections.abc import Mapping

from meshroll.errors import BadInputError, Parameter, Phrase
from meshroll.gitops.git import DEFAULT_BRANCH, Remote
from meshroll.settings.sources import read_secret

VARIABLES = "MESHROLL_REPOSITORY_"
PASSWORD_FILE = f"{VARIABLES}PASSWORD_FILE"
_PARTS = {
    "USERNAME": "username",
    "PASSWORD": "password",
    "SSH_KEY": "ssh_key",
    "KNOWN_HOSTS": "known_hosts",
    "CA_FILE": "ca_file",
}


def given_remote(url: str, branch: str | None, environ: Mapping[str, str]) -> Remote:
    """A repository with what the MESHROLL_REPOSITORY_* variables hold. Raises BadInputError."""
    given = {part: environ[VARIABLES + name] for name, part in _PARTS.items() if environ.get(VARIABLES + name)}
    if file := environ.get(PASSWORD_FILE):
        if "password" in given:
            raise BadInputError("the password is given twice", where=PASSWORD_FILE, expected=f"no {VARIABLES}PASSWORD")
        given["password"] = read_secret(file, PASSWORD_FILE)
    if "password" in given:
        given.setdefault("username", "git")
    return Remote(url, DEFAULT_BRANCH if branch is None else branch, **given)


def agreed_remote(url: str, branch: str, named: str | None, where: Phrase, environ: Mapping[str, str]) -> Remote:
    """The repository of a plan without a stack, which the person who applies it must have named.

    A plan is a file from somewhere: it alone must not decide where a commit and a password go. Raises BadInputError.
    """
    if named is not None and named != url:
        raise BadInputError(f"the plan is for {url}", where=where, expected=f"one for {named}")
    if named is None:
        raise BadInputError(
            "which repository? the plan names no stack",
            where=where,
            expected=(Parameter("repository", url), ", if that is right"),
        )
    return given_remote(url, branch, environ)
