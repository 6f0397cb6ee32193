"""The rollout repository a command works on: of a stack, or given on the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from meshroll.cli.options import VARIABLES
from meshroll.errors import BadInputError

if TYPE_CHECKING:  # importing them is left to the command that runs
    from meshroll.gitops.git import Remote, Style
    from meshroll.settings.model import Stack

PASSWORD_FILE = f"{VARIABLES}PASSWORD_FILE"
PARTS = {
    "USERNAME": "username",
    "PASSWORD": "password",
    "SSH_KEY": "ssh_key",
    "KNOWN_HOSTS": "known_hosts",
    "CA_FILE": "ca_file",
}


def stack_repository(stack: Stack) -> tuple[Remote, Style]:
    """The repository of a stack with what opens it, and how its commits are made, as a Release of the stack has it."""
    from meshroll.release.inputs import read_inputs
    from meshroll.release.stack import release_values

    inputs = read_inputs(release_values(stack, stack.workers))
    return inputs.remote, inputs.style


def given_remote(url: str, branch: str | None, environ: Mapping[str, str] = os.environ) -> Remote:
    """A repository without a stack: what opens it is in MESHROLL_REPOSITORY_* variables, or Git knows it."""
    from meshroll.gitops.git import DEFAULT_BRANCH, Remote
    from meshroll.settings.sources import read_secret

    given = {part: environ[VARIABLES + name] for name, part in PARTS.items() if environ.get(VARIABLES + name)}
    if file := environ.get(PASSWORD_FILE):
        if "password" in given:
            raise BadInputError("the password is given twice", where=PASSWORD_FILE, expected=f"no {VARIABLES}PASSWORD")
        given["password"] = read_secret(file, PASSWORD_FILE)
    if "password" in given:
        given.setdefault("username", "git")
    return Remote(url, DEFAULT_BRANCH if branch is None else branch, **given)


def agreed_remote(
    url: str, branch: str, named: str | None, where: str, environ: Mapping[str, str] = os.environ
) -> Remote:
    """The repository that a plan without a stack names, opened only when whoever applies it named it too.

    A plan is a file from somewhere: it alone must not say where a password goes. Raises BadInputError.
    """
    if named is not None and named != url:
        raise BadInputError(f"the plan is for {url}", where=where, expected=f"one for {named}")
    secrets = [
        name for name in (PASSWORD_FILE, *(VARIABLES + part for part in ("PASSWORD", "SSH_KEY"))) if environ.get(name)
    ]
    if named is None and secrets:
        raise BadInputError(
            f"the plan alone says where {secrets[0]} would go",
            where=where,
            expected=f"--repository {url}, if that is right",
        )
    return given_remote(url, branch, environ)
