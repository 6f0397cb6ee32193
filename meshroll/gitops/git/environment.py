"""What every `git` process is started with: constant options, and an environment cleaned of what could lead it astray.

- Hooks, pagers, prompts, automatic maintenance and signing are off; only file, http, https and ssh are spoken.
- Inherited `GIT_*` variables are dropped but for those that say who the user is and how their Git reaches a server: one
  that points at another repository (as inside a hook) would lead a release astray.
- Where Git starts the server itself, for a file:// address, it and its hooks see nothing but what Git needs.
- Credentials travel in the environment of the child and are answered by a helper bound to the repository's own host.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from meshroll.text.masking import masked

_KEPT = re.compile(
    "GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL|DATE)|GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)|GIT_EXEC_PATH|GIT_SSH(_COMMAND|_VARIANT)?"
    "|GIT_SSL_(CAINFO|CAPATH|CERT|KEY|NO_VERIFY)|GIT_PROXY_COMMAND|GIT_HTTP_PROXY_AUTHMETHOD"
)
# Windows that would ask, another language, and secrets: a server's hook, ssh or gpg has no business with them.
_DROPPED = re.compile("SSH_ASKPASS|LANGUAGE|MESHROLL_.*|PULUMI_(ACCESS_TOKEN|CONFIG_PASSPHRASE)")
_FOR_A_SERVER = re.compile(
    "PATH|HOME|USER|LOGNAME|TMPDIR|TZ|LD_LIBRARY_PATH|XDG_CONFIG_HOME|GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)|GIT_EXEC_PATH"
)
_SET: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_ASKPASS": "",  # empty, not absent: else core.askPass or SSH_ASKPASS would open a window
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}
OPTIONS: Final = (
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
_lock = threading.Lock()  # the environment is the whole process's, and read while it is changed it breaks
_HELPER: Final = (
    '!f() { test "$1" = get || exit 0; '
    'printf \'username=%s\\npassword=%s\\n\' "$MESHROLL_GIT_USERNAME" "$MESHROLL_GIT_PASSWORD"; }; f'
)


@dataclass(frozen=True)
class Login:
    """Credentials and the only `scheme://host:port` they are for."""

    origin: str
    username: str
    password: str

    @property
    def options(self) -> tuple[str, ...]:
        """The options of `git` that have it ask us alone, and only for this origin."""
        return ("-c", "credential.helper=", "-c", f"credential.{self.origin}.helper={_HELPER}")

    @property
    def variables(self) -> dict[str, str]:
        """What the helper answers with."""
        return {"MESHROLL_GIT_USERNAME": self.username, "MESHROLL_GIT_PASSWORD": self.password}

    def mask(self, text: str) -> str:
        """A text without the password."""
        return masked(text, self.password)


def clean_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """What a `git` process may see of the environment."""
    kept = {k: v for k, v in inherited.items() if not k.startswith("GIT_") or _KEPT.fullmatch(k)}
    return {name: value for name, value in kept.items() if not _DROPPED.fullmatch(name)} | _SET


def environment_of_server(inherited: Mapping[str, str]) -> dict[str, str]:
    """What a `git` process may see that starts the server of another's repository, with its hooks."""
    return {name: value for name, value in inherited.items() if _FOR_A_SERVER.fullmatch(name)} | _SET


def inherited_environment() -> dict[str, str]:
    """The environment of this process."""
    with _lock:
        return dict(os.environ)


@contextmanager
def environment_with(variables: Mapping[str, str]) -> Iterator[None]:
    """The block with some variables set in the environment of this process."""
    with _lock:
        before = {name: os.environ[name] for name in variables if name in os.environ}
        os.environ |= variables
        try:
            yield
        finally:
            for name in variables:
                del os.environ[name]
            os.environ |= before
