"""Making the commit: whose it is, its trailers by Git's own rules, and its signature.

Who made it comes from the environment, else Git's configuration, else the stack, else it is Meshroll. A signature is
asked for by the stack or by the user's own `commit.gpgSign`; where it cannot be made there is no commit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from meshroll.errors import BadInputError
from meshroll.gitops.git.process import Git, last_line
from meshroll.gitops.git.ssh import existing_file

FALLBACK: Final = ("Meshroll", "meshroll@localhost")
SIGN_SECONDS: Final = 120.0  # a person may have to touch a key
NO_CONFIGURATION: Final = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
"""A user's trailer.* settings could run programs or change what a trailer is."""

_AUTHOR: Final = re.compile(r"(?P<name>[^<>\n\0]*[^<>\s\0]) <(?P<email>[^<>\s\0]+)>")
_FORMATS: Final = {"gpg": "openpgp", "ssh": "ssh"}


@dataclass(frozen=True)
class Message:
    """A commit's text and its trailers; Git itself joins the two when the commit is made."""

    text: str
    trailers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Style:
    """What the stack says about commits: `author` as in "Name <address>", a text around our words, a signature."""

    author: str = ""
    template: str = ""
    sign: Literal["", "gpg", "ssh"] = ""
    key: str = ""  # a key's name for GPG, a file for SSH; empty: the one of Git's configuration


def make_commit(git: Git, tree: str, parent: str, message: Message, style: Style = Style()) -> str:
    """A commit of a tree on its parent (empty: none), in the cache. Raises BadInputError when it cannot be signed."""
    options, flag = _signing(git, style)
    parents = ("-p", parent) if parent else ()
    result = git.run(
        *(*options, "commit-tree", tree, *parents, flag, "-F", "-"),
        stdin=_with_trailers(git, message),
        environment=_identity(git, style),
        seconds=SIGN_SECONDS,
    )
    signed = flag != "--no-gpg-sign"
    if result.code:
        what, where = ("signed", "repository.commit.sign") if signed else ("made", "repository.commit")
        errors = [line for line in result.error.splitlines() if line.startswith("error:")]
        raise BadInputError(
            f"the commit cannot be {what}: {last_line(errors[0] if errors else result.error)}", where=where
        )
    commit = result.output.decode().strip()
    if signed and "\ngpgsig" not in git.text("cat-file", "commit", commit).partition("\n\n")[0]:
        raise BadInputError("the commit came out unsigned", where="repository.commit.sign", expected="a usable key")
    return commit


def _with_trailers(git: Git, message: Message) -> bytes:
    trailers = [f"--trailer={name}: {value}" for name, value in message.trailers]
    return (
        git.text(
            *("interpret-trailers", "--no-divider", "--where=end", "--if-exists=add", "--if-missing=add", *trailers),
            stdin=message.text.encode(),
            environment=NO_CONFIGURATION,
        )
        + "\n"
    ).encode("utf-8", "surrogateescape")


def _signing(git: Git, style: Style) -> tuple[tuple[str, ...], str]:
    """Options of `git`, and of `commit-tree`, which by itself never signs."""
    if style.sign:
        key = _key_file(style.key) if style.sign == "ssh" else style.key
        return ("-c", f"gpg.format={_FORMATS[style.sign]}"), f"--gpg-sign={key}" if key else "--gpg-sign"
    asked = git.run("config", "--type=bool", "--get", "commit.gpgSign")
    if asked.code not in (0, 1):
        raise BadInputError(last_line(asked.error), where="commit.gpgSign in Git's configuration")
    return (), "--gpg-sign" if asked.output.strip() == b"true" else "--no-gpg-sign"


def _key_file(key: str) -> str:
    if not key or key.startswith(("key::", "ssh-")):
        return key
    return str(existing_file(key, f"repository.commit.signingKey {key}"))


def _identity(git: Git, style: Style, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What of name and address is neither in the environment nor in Git's configuration."""
    match = _AUTHOR.fullmatch(style.author)
    if style.author and not match:
        expected = 'a text like "Ada Lovelace <ada@example.com>"'
        raise BadInputError(f"{style.author!r} is no author", where="repository.commit.author", expected=expected)
    name, email = (match["name"], match["email"]) if match else FALLBACK
    missing: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        if git.run("-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT").code == 0:
            continue
        for part, value in (("NAME", name), ("EMAIL", email)):
            keys = [f"{role.lower()}.{part.lower()}", f"user.{part.lower()}"]
            if not environ.get(f"GIT_{role}_{part}") and all(git.run("config", "--get", key).code for key in keys):
                missing[f"GIT_{role}_{part}"] = value
    return missing
