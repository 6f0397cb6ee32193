"""A private PULUMI_HOME: plug-ins where the CLI looks for them, state in files, a random passphrase, no downloads."""

from __future__ import annotations

import secrets
import shlex
import shutil
from importlib.metadata import version
from pathlib import Path

from meshroll.sandbox.pulumi.official import PLUGIN, Official
from meshroll.sandbox.state import files

ROOT = Path(__file__).resolve().parents[3]
PRIVATE_FOLDER, PROGRAM = 0o700, 0o755
_TEMPORARY = "temporary"
# The reader is in the plug-in's process group, so that no other group can have its number by then. Its output is not
# the plug-in's: the engine waits for the end of that. A folder is in use while it is locked: a lock ends with the
# process that holds it, whereas its number stays as long as nobody waits for it and may be another's after that.
_PLUGIN_SCRIPT = """\
#!/bin/sh
# Laid by `meshroll sandbox` around Pulumi's kubernetes plug-in, which looks for its engine every 5 minutes only, and
# leaves a kubeconfig in its temporary folder. The engine holds the other end of standard input: when that is hung up,
# the plug-in ends and its folder goes. Folders of plug-ins that were killed before go here.
exec 9<{temporary}
flock 9
for left in {temporary}/*; do test -d "$left" && flock -n "$left" rm -rf "$left"; done
TMPDIR={temporary}/$$
export TMPDIR
mkdir "$TMPDIR"
exec 8<"$TMPDIR"
flock 8
exec 9>&- 3<&0
trap "" INT  # the reader outlives the interrupt that closes the plug-in, from its first moment
if test -p /dev/stdin; then
  {{
    while read -r _; do :; done
    kill -s KILL $$
    rm -rf "$TMPDIR"
    kill -s KILL -- -$$
  }} <&3 3<&- 8<&- >/dev/null 2>&1 &
fi
trap - INT
exec {program} "$@" 3<&-
"""


def install(home: Path, python: Path, kubernetes: Path, official: Official | None = None) -> dict[str, str]:
    """Lay or refresh the home (mode 0700) and return the environment that makes `pulumi` use it.

    `python` runs the language host's stand-in, `kubernetes` is the kubernetes plug-in that was built; both only where
    `official` has none. The state of stacks and the passphrase survive a second call.
    """
    plugins, state, passphrase = home / "plugins", home / "state", home / "passphrase"
    for folder in (home, plugins, state, home / _TEMPORARY):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(PRIVATE_FOLDER)
    _fill(plugins, python, kubernetes, official or Official())
    if not passphrase.exists():
        files.write_once(passphrase, secrets.token_urlsafe(32))
    return {
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def _fill(plugins: Path, python: Path, kubernetes: Path, official: Official) -> None:
    wanted: dict[str, tuple[str, str]] = {}  # a plug-in's folder: its executable and that one's text
    temporary = plugins.with_name(_TEMPORARY)
    if official.language_host is None:
        wanted[f"language-python-v{version('pulumi')}"] = ("pulumi-language-python", _language_host(python))
    if official.kubernetes is None:
        wanted[f"resource-kubernetes-v{version('pulumi_kubernetes')}"] = (PLUGIN, _plugin(kubernetes, temporary))
    elif official.kubernetes.is_dir():
        wanted[official.kubernetes.name] = (PLUGIN, _plugin(official.kubernetes / PLUGIN, temporary))
    for old in [*plugins.glob("language-python-v*"), *plugins.glob("resource-kubernetes-v*")]:
        if old.is_symlink() or old.is_file():
            old.unlink()
        elif old.name not in wanted:
            shutil.rmtree(old)
    for name, (executable, text) in wanted.items():
        _lay(plugins / name / executable, text)


def _language_host(python: Path) -> str:
    module = "meshroll.sandbox.pulumi.language.__main__"
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from {module} import main; main()"
    return (
        "#!/bin/sh\n"
        "# Stand-in, laid by `meshroll sandbox` where Pulumi's official language host is not installed.\n"
        f'exec {shlex.quote(str(python))} -I -W ignore -c {shlex.quote(code)} "$@"\n'
    )


def _plugin(executable: Path, temporary: Path) -> str:
    return _PLUGIN_SCRIPT.format(program=shlex.quote(str(executable)), temporary=shlex.quote(str(temporary)))


def _lay(executable: Path, text: str) -> None:
    executable.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    fresh = executable.with_name(f".{executable.name}")  # moved into place: a running `pulumi` may be about to start it
    fresh.write_text(text)
    fresh.chmod(PROGRAM)
    fresh.replace(executable)
