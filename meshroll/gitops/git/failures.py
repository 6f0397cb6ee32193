"""Errors from what Git wrote to its standard error, and whether trying again can help. Pure: text in, an error out."""

from __future__ import annotations

import re

from meshroll.errors import BadInputError, ConflictError, Key, MeshrollError, UnavailableError
from meshroll.gitops.git.disk import is_disk_trouble
from meshroll.gitops.git.process import last_line
from meshroll.gitops.git.remote import Remote

MAX_MESSAGE = 300

_REFUSED = (
    "authentication failed",
    "could not read username",
    "could not read password",
    "permission denied (",
    "too many authentication failures",
    "access denied",
    "invalid credentials",
    "returned error: 401",
)
_FORBIDDEN = (
    "returned error: 403",
    "not allowed to push",
    "write access to repository not granted",
    "insufficient permission",
    "unable to create temporary object directory",
    "you do not have permission",
    "the key you are authenticating with has been marked as read only",
)
_FORBIDDEN_TO = re.compile(r"permission to \S+ denied|denied by fallthru")
_ABSENT = (
    "does not appear to be a git repository",
    "repository not found",
    "returned error: 404",
    "returned error: 410",
    "invalid gitfile format",
    "is this a git repository",
)
_CERTIFICATE = ("ssl certificate problem", "server certificate verification failed", "certificate verify failed")
_SETTINGS = re.compile(
    r"bad config |bad configuration option|transport '[^']*' not allowed|bad (numeric|boolean) config"
)
_NEVER = re.compile(
    r"returned error: (4(?!08|29)\d\d)|maximum \(\d+\) redirects followed|unable to update url base"
    r"|redirect target url could not be parsed|not supported or disabled in libcurl|unsupported protocol"
)
STALE = "stale info"  # the branch does not stand where the push expects it
_RACES = (
    "cannot lock ref",
    "failed to lock",
    "failed to update ref",
    "incorrect old value",
    "reference already exists",
    STALE,
    "fetch first",
    "non-fast-forward",
)
_AWAY = (
    "could not resolve host",
    "couldn't connect",
    "could not connect",
    "connection refused",
    "connection reset",
    "connection timed out",
    "connection closed",
    "failed to connect",
    "operation timed out",
    "operation too slow",
    "no route to host",
    "network is unreachable",
    "name or service not known",
    "temporary failure in name resolution",
    "empty reply from server",
    "returned error: 5",
    "returned error: 408",
    "returned error: 429",
    "remote end hung up",
    "bad gateway",
)
_ADVICE = re.compile(
    r"fatal: could not read from remote repository|please make sure you have|and the repository exists", re.IGNORECASE
)


def explain(error: str, remote: Remote) -> MeshrollError | None:  # noqa: C901 - one question after another
    """The error for what Git wrote; None for a text that is not known yet."""
    text, where, reason = error.lower(), remote.where, reason_of(error)
    if any(part in text for part in _REFUSED):
        given = "refused the credentials" if remote.opened else "wants credentials"
        return BadInputError(
            f"the server {given}", where=where, expected=(Key("repository.credentials"), " that may write")
        )
    if any(part in text for part in _FORBIDDEN) or _FORBIDDEN_TO.search(text):
        what = "the credentials do not permit this" if remote.opened else "writing is not permitted"
        return BadInputError(what, where=where, expected=(Key("repository.credentials"), " that may write"))
    if "host key verification failed" in text or "no matching host key" in text:
        what = "the server's host key has changed" if "has changed" in text else "the server's host key is not known"
        return BadInputError(what, where=where, expected="it in known_hosts, once you have made sure that it is right")
    if any(part in text for part in _CERTIFICATE):
        return BadInputError(
            f"the server's certificate is not trusted ({last_line(error)})",
            where=where,
            expected=("its authority in ", Key("repository.credentials.caFile"), " or Git's http.sslCAInfo"),
        )
    if "dubious ownership" in text:
        return BadInputError("it belongs to another user", where=where, expected="it in Git's safe.directory")
    if "mismatched algorithms" in text:
        return BadInputError("it is a SHA-256 repository", where=where, expected="one with SHA-1 object names")
    if _SETTINGS.search(text):
        return BadInputError(f"the settings of Git or SSH do not allow it ({reason})", where=where)
    if any(part in text for part in _ABSENT) or re.search(r"repository '.*' not found", text):
        return BadInputError("there is no such repository", where=where)
    if any(part in text for part in _AWAY):
        return UnavailableError(f"it cannot be reached ({reason}); trying again may help", where=where)
    if _NEVER.search(text):
        return BadInputError(f"the server does not answer as a Git server does ({reason})", where=where)
    if "could not read from remote repository" in text:
        return UnavailableError(f"it cannot be reached ({reason})", where=where)
    if "couldn't find remote ref" in text:
        return ConflictError(f"the branch {remote.branch} was deleted meanwhile", where=where)
    return None


def disk_of_server(error: str, remote: Remote) -> UnavailableError:
    """A server that cannot take a push because its own disk is full or read-only."""
    line = next(line for line in error.splitlines() if is_disk_trouble(line)).strip().removeprefix("remote:").strip()
    return UnavailableError(f"the server cannot write ({last_line(line)})", where=remote.where)


def reason_of(error: str) -> str:
    """The line with the reason: before Git's advice about access rights stands the message of SSH or the server."""
    lines = [line.strip() for line in error.splitlines() if line.strip() and not _ADVICE.search(line)]
    return last_line("\n".join(lines) if lines else error)


def rejection(porcelain: str) -> str:
    """Why a push was not taken, from `git push --porcelain`."""
    for line in porcelain.splitlines():
        if line.startswith("!"):
            return line.rpartition("\t")[2].strip()
    return ""


def is_race(reason: str) -> bool:
    """Whether a push was not taken because another one was under way."""
    return any(part in reason for part in _RACES)


def declined(reason: str, error: str, remote: Remote) -> BadInputError:
    """A server's refusal of a push, with its own message, such as which rule protects the branch."""
    lines = [line.partition("remote:")[2].strip(" !*=-") for line in error.splitlines() if "remote:" in line]
    message = "; ".join(line for line in lines if line and not line.startswith("error: hook declined"))[:MAX_MESSAGE]
    if "protected" in f"{reason} {message}".lower():
        what = f"the branch {remote.branch} is protected"
        expected = "one that these credentials may push to"
    else:
        what, expected = "the server refused the push", ""
    return BadInputError(
        f"{what}: {reason}" + (f": {message}" if message else ""), where=remote.where, expected=expected
    )
