"""Options that several commands have, read into values, and errors in the words of the command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import TYPE_CHECKING, Any

import click

from meshroll.errors import BadInputError, Key, MeshrollError, Parameter, Remedy, Wording

if TYPE_CHECKING:  # importing it is left to the command that runs
    from meshroll.release.target import Target

Command = Callable[..., Any]
_VARIABLES = "MESHROLL_REPOSITORY_"
_WITHOUT_STACK = {
    "repository.url": "--repository",
    "repository.branch": "--branch",
    "repository.credentials": f"{_VARIABLES}* variables",
    "repository.credentials.sshKey": f"{_VARIABLES}SSH_KEY",
    "repository.credentials.knownHosts": f"{_VARIABLES}KNOWN_HOSTS",
    "repository.credentials.caFile": f"{_VARIABLES}CA_FILE",
    "repository.commit": "Git's configuration",
    "repository.commit.sign": "commit.gpgSign in Git's configuration",
}

REPOSITORY = (
    click.option("-s", "--stack", metavar="STACK", help="The stack: stacks/Pulumi.STACK.yaml."),
    click.option("--repository", metavar="URL", help="An adopted repository, instead of --stack."),
    click.option("--branch", metavar="BRANCH", help="Its branch.  [default: main]"),
)
PATH = click.option("--path", metavar="PATH", help="A folder or file in it; may hold {cluster} and {service}.")


def with_options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """A decorator that gives a command some options, in this order."""
    return lambda command: reduce(lambda decorated, option: option(decorated), reversed(options), command)


def wording(stack: str | None) -> Wording:
    """How the command line names a key, a parameter and a remedy; without a stack there are no keys."""

    def word(part: Key | Parameter | Remedy) -> str:
        if isinstance(part, Remedy):
            from meshroll.release.wording import command

            return command(part)
        if isinstance(part, Parameter):
            return f"--{part.name.replace('_', '-')} {part.value}".rstrip()
        return part.name if stack else _WITHOUT_STACK.get(part.name, part.name)

    return word


@contextmanager
def errors_worded(stack: str | None) -> Iterator[None]:
    """Errors inside name options and commands, and without a stack no keys of a stack file."""
    try:
        yield
    except MeshrollError as error:
        error.wording = wording(stack)
        raise


def check_repository(stack: str | None, repository: str | None, *others: object) -> None:
    """Raise BadInputError unless the repository is given in one way; `others` only go without a stack."""
    if (stack is None) == (repository is None):
        raise BadInputError("which repository? pass -s STACK or --repository URL")
    if stack is not None and any(others):
        raise BadInputError("the stack says where and what", expected="no --branch, --path and --field with -s")


def target(
    stack: str | None, repository: str | None, branch: str | None, path: str | None, fields: Sequence[str] = ()
) -> Target:
    """What a command acts on. Raises BadInputError."""
    from meshroll.cli.project import load_stack
    from meshroll.release.access import given_remote
    from meshroll.release.target import repository_target, stack_target

    check_repository(stack, repository, branch is not None, path is not None, *fields)
    if stack is not None:
        return stack_target(load_stack(stack))
    return repository_target(given_remote(repository or "", branch, os.environ), path, tuple(fields))


def check_path(service: str, stack: str | None, path: str | None) -> None:
    """Raise BadInputError for a service that neither a stack nor a path locates."""
    if stack is None and path is None:
        raise BadInputError(f"where is {service}? pass --path PATH")


def requested_versions(texts: Sequence[str]) -> dict[str, str]:
    """The versions of `--set SERVICE=VERSION`. Raises BadInputError."""
    found: dict[str, str] = {}
    for text in texts:
        service, equals, version = text.partition("=")
        if not (service and equals and version):
            raise BadInputError(f"{text!r} names no version", where="--set", expected="SERVICE=VERSION")
        if not service.isprintable() or " " in service:
            raise BadInputError(f"{service!r} cannot be a service's name", where="--set", expected="SERVICE=VERSION")
        if found.setdefault(service, version) != version:
            raise BadInputError(f"two versions are requested of {service}", where="--set", expected="one")
    return found
