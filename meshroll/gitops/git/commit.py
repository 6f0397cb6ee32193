"""Making the commit: whose it is, its trailers by Git's own rules, and its signature.

Who made it comes from the environment, else Git's configuration, else the stack, else it is Meshroll. A signature is
asked for by the stack or by the user's own `commit.gpgSign`; where it cannot be made there is no commit.

Git makes it: it knows every form of a date, what may stand in a name, and each kind of signature.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from meshroll.errors import BadInputError, Key
from meshroll.gitops.git.process import Git, last_line
from meshroll.gitops.git.ssh import existing_file

FALLBACK: Final = ("Meshroll", "meshroll@localhost")
SIGN_SECONDS: Final = 120.0  # a person may have to touch a key
NO_CONFIGURATION: Final = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
"""A user's trailer.* settings could run programs or change what a trailer is."""

_AUTHOR: Final = re.compile(r"(?P<name>[^<>\n\0]*[^<>\s\0]) <(?P<email>[^<>\s\0]+)>")
_FORMATS: Final = {"gpg": "openpgp", "ssh": "ssh"}
_TRUE: Final = frozenset({"true", "yes", "on"})
_FALSE: Final = frozenset({"false", "no", "off", ""})
_NUMBER: Final = re.compile(r"[+-]?(0x[0-9a-f]+|[0-9]+)[kmg]?", re.IGNORECASE)


@dataclass(frozen=True)
class Message:
    """A commit's text and its trailers; Git itself joins the two when the commit is made."""

    text: str
    trailers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Style:
    """What the stack says about commits: `author` as in "Name <address>", a text around ours, a signature."""

    author: str = ""
    template: str = ""
    sign: Literal["", "gpg", "ssh"] = ""
    key: str = ""  # a key's name for GPG, a file for SSH; empty: the one of Git's configuration


def make_commit(git: Git, tree: str, parent: str, message: Message, style: Style = Style()) -> str:
    """A commit of a tree on its parent (empty: none), in the cache. Raises BadInputError when it cannot be signed."""
    options, flag = _signing(style, git.settings)
    parents = ("-p", parent) if parent else ()
    result = git.run(
        *(*options, "commit-tree", tree, *parents, flag, "-F", "-"),
        stdin=_with_trailers(git.directory, message),
        environment=_identity(style, git.settings),
        seconds=SIGN_SECONDS,
    )
    signed = flag != "--no-gpg-sign"
    if result.code:
        what, where = ("signed", Key("repository.commit.sign")) if signed else ("made", Key("repository.commit"))
        errors = [line for line in result.error.splitlines() if line.startswith("error:")]
        raise BadInputError(
            f"the commit cannot be {what}: {last_line(errors[0] if errors else result.error)}", where=where
        )
    commit = result.output.decode().strip()
    if signed and not git.commit(commit).gpgsig:
        raise BadInputError(
            "the commit came out unsigned", where=Key("repository.commit.sign"), expected="a usable key"
        )
    return commit


@lru_cache(maxsize=8)  # a push that must be made again has the same message
def _with_trailers(directory: Path, message: Message) -> bytes:
    trailers = [f"--trailer={name}: {value}" for name, value in message.trailers]
    return (
        Git(directory).text(
            *("interpret-trailers", "--no-divider", "--where=end", "--if-exists=add", "--if-missing=add", *trailers),
            stdin=message.text.encode(),
            environment=NO_CONFIGURATION,
        )
        + "\n"
    ).encode("utf-8", "surrogateescape")


def _signing(style: Style, settings: Mapping[str, str | None]) -> tuple[tuple[str, ...], str]:
    """Options of `git`, and of `commit-tree`, which by itself never signs."""
    if style.sign:
        key = _key_file(style.key) if style.sign == "ssh" else style.key
        return ("-c", f"gpg.format={_FORMATS[style.sign]}"), f"--gpg-sign={key}" if key else "--gpg-sign"
    return (), "--gpg-sign" if _is_true(settings, "commit.gpgsign") else "--no-gpg-sign"


def _is_true(settings: Mapping[str, str | None], key: str) -> bool:
    """A setting by Git's rules for a boolean; False where it is not set. Raises BadInputError."""
    value = settings.get(key, "")
    if value is None or value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    if _NUMBER.fullmatch(value):
        return any(digit in value for digit in "123456789")
    raise BadInputError(f"bad boolean config value {value!r} for {key!r}", where=f"{key} in Git's configuration")


def _key_file(key: str) -> str:
    if not key or key.startswith(("key::", "ssh-")):
        return key
    return str(existing_file(key, (Key("repository.commit.signingKey"), f" {key}")))


def _identity(
    style: Style, settings: Mapping[str, str | None], environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """What of name and address is neither in the environment nor in Git's configuration."""
    match = _AUTHOR.fullmatch(style.author)
    if style.author and not match:
        expected = 'a text like "Ada Lovelace <ada@example.com>"'
        raise BadInputError(
            f"{style.author!r} is not an author", where=Key("repository.commit.author"), expected=expected
        )
    name, email = (match["name"], match["email"]) if match else FALLBACK

    def is_known(role: str, part: str) -> bool:
        keys = (f"{role}.{part}".lower(), f"user.{part}".lower())
        return bool(environ.get(f"GIT_{role}_{part}")) or any(key in settings for key in keys)

    missing: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        if not is_known(role, "NAME"):
            missing[f"GIT_{role}_NAME"] = name
        # Git takes EMAIL too, which goes with the name of a person and not with ours.
        if not is_known(role, "EMAIL") and (f"GIT_{role}_NAME" in missing or not environ.get("EMAIL")):
            missing[f"GIT_{role}_EMAIL"] = email
    return missing
