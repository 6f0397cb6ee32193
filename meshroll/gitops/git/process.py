"""Git's own commands, behind one class: the only place where a `git` process is started.

- A bare repository given by `--git-dir`, so no work tree, and with it no checkout, filter or submodule, ever exists.
- Options are constants or validated values. Hooks, pagers, prompts, automatic maintenance and signing are off.
- Inherited `GIT_*` variables are dropped but for those that say who the user is and how their Git reaches a server: one
  that points at another repository (as inside a hook) would lead a release astray. The user's Git configuration counts
  (proxy, certificates, credential helpers, identity), minus what could run a program on our behalf.
- Credentials travel in the environment of the child and are answered by a helper bound to the repository's own host;
  they are never in an argument, a URL, a file or an error.
- Host keys of SSH servers are checked: nobody is asked, so an unknown one ends the call.
- A local command sees only what the cache holds; what is missing is fetched on purpose (`supply`), never by Git itself.
- Every call has a time limit, and kills the process group it started when that passes.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from meshroll.errors import BadInputError, TimedOutError, UnavailableError
from meshroll.gitops.git.disk import trouble_of, unusable
from meshroll.text import printable

LOCAL_SECONDS = 60.0
_KEPT = re.compile(
    "GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL|DATE)|GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)|GIT_EXEC_PATH|GIT_SSH(_COMMAND|_VARIANT)?"
    "|GIT_SSL_(CAINFO|CAPATH|CERT|KEY|NO_VERIFY)|GIT_PROXY_COMMAND|GIT_HTTP_PROXY_AUTHMETHOD"
)
# Windows that would ask, another language, and secrets: a server's hook, ssh or gpg has no business with them.
_DROPPED = re.compile("SSH_ASKPASS|LANGUAGE|MESHROLL_.*|PULUMI_(ACCESS_TOKEN|CONFIG_PASSPHRASE)")
_SET = {
    "GIT_TERMINAL_PROMPT": "0",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_ASKPASS": "",  # empty, not absent: else core.askPass or SSH_ASKPASS would open a window
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}
_REMOTE = frozenset({"fetch", "push", "ls-remote", "credential"})  # the commands that need credentials
_READING = frozenset({"push", "ls-remote"})  # those that write nothing here: a disk they speak of is the server's
_OPTIONS = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.splitIndex=false"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "core.abbrev=12"),
    *("-c", "protocol.allow=never"),
    *("-c", "protocol.file.allow=always"),
    *("-c", "protocol.http.allow=always"),
    *("-c", "protocol.https.allow=always"),
    *("-c", "protocol.ssh.allow=always"),
    *("-c", "protocol.version=2"),
    *("-c", "http.lowSpeedLimit=1000"),
    *("-c", "http.lowSpeedTime=30"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    *("-c", "submodule.recurse=false"),
    *("-c", "fetch.recurseSubmodules=false"),
    *("-c", "fetch.writeCommitGraph=false"),
    *("-c", "push.recurseSubmodules=no"),
    *("-c", "push.followTags=false"),
    *("-c", "push.gpgSign=false"),
    *("-c", "i18n.commitEncoding=UTF-8"),
)
_HELPER = (
    '!f() { test "$1" = get || exit 0; '
    'printf \'username=%s\\npassword=%s\\n\' "$MESHROLL_GIT_USERNAME" "$MESHROLL_GIT_PASSWORD"; }; f'
)


@dataclass(frozen=True)
class Result:
    """What a process answered; `error` is its standard error, masked and printable."""

    code: int
    output: bytes
    error: str


@dataclass(frozen=True)
class Login:
    """Credentials and the only `scheme://host:port` they are for."""

    origin: str
    username: str
    password: str


class Git:
    """Runs Git in one bare repository. `keep` is a descriptor that every child inherits: that repository's lock.

    `environment` is for every call. `supply` brings objects that the repository lacks.
    """

    def __init__(
        self,
        directory: Path,
        *,
        login: Login | None = None,
        keep: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.supply: Callable[[Sequence[str]], None] | None = None
        self._login = login
        self._keep = keep
        self._environment = dict(environment or {})

    def text(self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> str:
        """Standard output without its last line break. Raises BrokenCacheError when a local command fails."""
        result = self.run(*arguments, stdin=stdin, environment=environment)
        if result.code:
            raise BrokenCacheError(f"git {arguments[0]} failed: {last_line(result.error)}", where=str(self.directory))
        return result.output.decode("utf-8", "surrogateescape").rstrip("\n")

    def objects(self, oids: Iterable[str]) -> dict[str, tuple[str, bytes]]:
        """Kind and bytes of objects by id. Those that are missing are supplied, all at once; else BrokenCacheError."""
        wanted = list(dict.fromkeys(oids))
        found = self._held(wanted)
        if (missing := [oid for oid in wanted if oid not in found]) and self.supply:
            self.supply(missing)
            found |= self._held(missing)
        for oid in wanted:
            if oid not in found:
                raise BrokenCacheError(f"the object {oid} is missing", where=str(self.directory))
        return found

    def bring(self, oids: Iterable[str]) -> None:
        """Have objects supplied that are missing, all at once."""
        wanted = list(dict.fromkeys(oids))
        held = self.sizes(wanted)
        if (missing := [oid for oid in wanted if oid not in held]) and self.supply:
            self.supply(missing)

    def sizes(self, oids: Iterable[str]) -> dict[str, int]:
        """The size of those objects that the repository holds."""
        listed = self.text("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=_lines(oids))
        pairs = (line.split(" ") for line in listed.splitlines())
        return {oid: int(size) for oid, size in pairs if size != "missing"}

    def _held(self, oids: Sequence[str]) -> dict[str, tuple[str, bytes]]:
        result = self.run("cat-file", "--batch", stdin=_lines(oids))
        if result.code:
            raise BrokenCacheError(f"git cat-file failed: {last_line(result.error)}", where=str(self.directory))
        found, output, start = {}, result.output, 0
        while start < len(output):
            end = output.index(b"\n", start)
            oid, kind, *size = output[start:end].decode().split(" ")
            start = end + 1
            if size:
                found[oid] = (kind, output[start : start + int(size[0])])
                start += int(size[0]) + 1
        return found

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        seconds: float = LOCAL_SECONDS,
        environment: Mapping[str, str] | None = None,
    ) -> Result:
        """Run one command to its end, whatever its exit code.

        Raises TimedOutError, BadInputError without Git, and for a disk that cannot be written the error of `unusable`.
        """
        command = ["git", f"--git-dir={self.directory}", *_OPTIONS]
        child_environment = {**clean_environment(os.environ), **self._environment, **(environment or {})}
        if self._login and _REMOTE.intersection(arguments):
            command += ["-c", "credential.helper=", "-c", f"credential.{self._login.origin}.helper={_HELPER}"]
            child_environment |= {
                "MESHROLL_GIT_USERNAME": self._login.username,
                "MESHROLL_GIT_PASSWORD": self._login.password,
            }
        code, output, error = _communicate([*command, *arguments], child_environment, stdin, seconds, self._keep)
        result = Result(code, output, printable(self._mask(error.decode("utf-8", "backslashreplace"))))
        # Also after success: `mktree` names a tree that it could not write.
        if result.error and not _READING.intersection(arguments):
            trouble = trouble_of(result.error, self.directory)
            if trouble is not None:
                raise unusable(self.directory.parent, trouble)
        return result

    def _mask(self, text: str) -> str:
        return text.replace(self._login.password, "***") if self._login and self._login.password else text


class BrokenCacheError(UnavailableError):
    """A local command that cannot fail has failed: the private cache is damaged or was deleted meanwhile."""


def clean_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """What a `git` process may see of the environment."""
    kept = {k: v for k, v in inherited.items() if not k.startswith("GIT_") or _KEPT.fullmatch(k)}
    return {name: value for name, value in kept.items() if not _DROPPED.fullmatch(name)} | _SET


def last_line(text: str) -> str:
    """The line that says what went wrong: the last one Git marks as fatal or an error, else the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (marked or lines or ["no message"])[-1].removeprefix("fatal:").removeprefix("error:").strip()


def _communicate(
    command: Sequence[str], environment: Mapping[str, str], stdin: bytes, seconds: float, keep: int | None
) -> tuple[int, bytes, bytes]:
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            cwd="/",
            start_new_session=True,  # no terminal to ask on, and one group to kill
            pass_fds=() if keep is None else (keep,),
        )
    except FileNotFoundError as error:
        raise BadInputError("the command git is missing", expected="Git 2.30 or newer on PATH") from error
    except OSError as error:
        raise UnavailableError(f"the command git cannot be started ({error.strerror})") from error
    try:
        output, errors = process.communicate(stdin, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        _kill_group(process)
        raise TimedOutError(f"git {_verb(command)} did not finish within {seconds:.0f} s") from error
    except BaseException:
        _kill_group(process)
        raise
    return process.returncode, output, errors


def _verb(command: Sequence[str]) -> str:
    words = iter(command[1:])
    for word in words:
        if word == "-c":
            next(words, "")
        elif not word.startswith("-"):
            return word
    return ""


def _lines(oids: Iterable[str]) -> bytes:
    return "".join(f"{oid}\n" for oid in oids).encode()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            with suppress(OSError):
                stream.close()
