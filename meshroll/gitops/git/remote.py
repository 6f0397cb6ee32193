"""The address of a rollout repository: checked before Git ever sees it.

Only file, http(s) and ssh are spoken. A URL or branch that Git could take for an option, a remote helper (`ext::`) or a
revision expression is refused here, and so is a password inside a URL: it would end in logs and process lists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from meshroll.errors import BadInputError, Key

DEFAULT_BRANCH = "main"
MAX_BRANCH_LENGTH = 200
_ADDRESSES = "file:///path, https://host/path, http://host/path, ssh://host/path or user@host:path"
SCHEMES = ("file", "http", "https", "ssh")
_HOST = re.compile(r"[A-Za-z0-9_\[][A-Za-z0-9._:\[\]-]*")
_SCP = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)[A-Za-z0-9_][A-Za-z0-9._-]*:(?![:/]{2})[^:\-][^:]*")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")
_NOT_IN_BRANCH = re.compile(r"[\x00-\x20\x7f\ud800-\udfff~^:?*\[\\]|\.\.|@\{|//")


@dataclass(frozen=True)
class Remote:
    """One branch of one repository and what opens it. Making one checks it; nothing is contacted."""

    url: str
    branch: str
    username: str = ""
    password: str = field(default="", repr=False)
    ssh_key: str = field(default="", repr=False)  # a file's name, or the key itself
    known_hosts: str = ""  # a file's name; empty: the user's own
    ca_file: str = ""  # likewise

    def __post_init__(self) -> None:
        check_url(self.url)
        check_branch(self.branch)
        for name, value in (("username", self.username), ("password", self.password)):
            if any(character in value for character in "\r\n\0"):
                raise BadInputError(f"the {name} holds a line break", where=Key("repository.credentials"))

    @property
    def ref(self) -> str:
        """The branch's full name."""
        return f"refs/heads/{self.branch}"

    @property
    def opened(self) -> bool:
        """Whether something that opens it was given; else Git's own helpers and the user's keys are asked."""
        return bool(self.password or self.ssh_key)

    @property
    def by_ssh(self) -> bool:
        """Whether it is reached through SSH."""
        return self.url.startswith("ssh://") or bool(_SCP.fullmatch(self.url))

    @property
    def where(self) -> str:
        """How errors name it."""
        return f"repository {self.url}"

    @property
    def origin(self) -> str:
        """`scheme://host:port` of an HTTP repository, the only place the credentials go to; else empty."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else ""


def check_url(url: str) -> None:
    """Refuse what is not a plain file, http(s) or ssh address. Raises BadInputError."""
    if not url or _UNPRINTABLE.search(url):
        raise BadInputError("the URL is empty or holds spaces or control characters", where=Key("repository.url"))
    if _SCP.fullmatch(url):
        return
    if url.startswith(("http://", "https://")):
        _check_web(url)
    try:
        parts = urlsplit(url)
        port_is_a_number = parts.port is None or parts.port > 0
    except ValueError:
        port_is_a_number = False
    shown = repr(f"***@{url.rpartition('@')[2]}" if "@" in url else url)  # whatever was meant, it may be a password
    if not port_is_a_number or parts.scheme not in SCHEMES or not url.startswith(f"{parts.scheme}://"):
        raise BadInputError(
            f"{shown} is not an address Meshroll opens", where=Key("repository.url"), expected=_ADDRESSES
        )
    if parts.scheme == "file":
        valid = not parts.netloc and len(parts.path) > 1
    else:
        valid = bool(_HOST.fullmatch(parts.netloc.rpartition("@")[2])) and len(parts.path) > 1
    if not valid:
        raise BadInputError(f"{shown} names no repository", where=Key("repository.url"), expected=_ADDRESSES)
    if parts.password is not None:
        raise BadInputError(
            "the URL holds credentials", where=Key("repository.url"), expected=Key("repository.credentials")
        )
    if (parts.username or "").startswith("-"):
        raise BadInputError(f"{shown} holds an option", where=Key("repository.url"), expected=_ADDRESSES)


def _check_web(url: str) -> None:
    if "@" in url:
        # Wherever it stands: a password may hold a slash, and must not be repeated in an error.
        raise BadInputError(
            "the URL holds credentials", where=Key("repository.url"), expected=Key("repository.credentials")
        )
    if "?" in url or "#" in url:  # where tokens are put, too
        raise BadInputError("the URL holds a query or a fragment", where=Key("repository.url"), expected=_ADDRESSES)


def check_branch(branch: str) -> None:
    """Refuse a name that is not a branch's by Git's own rules, or that reads as an option. Raises BadInputError."""
    parts = branch.split("/")
    if (
        not branch
        or branch in ("@", "HEAD")
        or len(branch) > MAX_BRANCH_LENGTH
        or branch.startswith("-")
        or branch.endswith(".")
        or _NOT_IN_BRANCH.search(branch)
        or any(not part or part.startswith(".") or part.endswith(".lock") for part in parts)
    ):
        raise BadInputError(
            f"{branch!r} is not a branch name", where=Key("repository.branch"), expected="a name like main"
        )
