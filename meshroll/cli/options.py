"""The options that name a repository, and errors in their words: who gives no stack has no stack's keys."""

from __future__ import annotations

from typing import Any

import click

from meshroll.errors import BadInputError

VARIABLES = "MESHROLL_REPOSITORY_"
# The longer first: one is the beginning of others.
_OPTIONS = {
    "repository.credentials.sshKey": f"{VARIABLES}SSH_KEY",
    "repository.credentials.knownHosts": f"{VARIABLES}KNOWN_HOSTS",
    "repository.credentials.caFile": f"{VARIABLES}CA_FILE",
    "repository.credentials": f"{VARIABLES}* variables",
    "repository.url": "--repository",
    "repository.branch": "--branch",
    "repository.path": "--path",
}


class RepositoryCommand(click.Command):
    """A command that works on a stack's repository or on the one of `--repository`."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; an error about what stands in no stack names the option or the variable instead."""
        try:
            return super().invoke(ctx)
        except BadInputError as error:
            if ctx.params.get("repository") is None:
                raise
            raise BadInputError(error.what, where=_said(error.where), expected=_said(error.expected)) from error


def _said(words: str) -> str:
    for key, option in _OPTIONS.items():
        words = words.replace(key, option)
    return words
