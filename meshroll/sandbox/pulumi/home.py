"""A private PULUMI_HOME: plug-ins where the CLI looks for them, state in files, a random passphrase, no downloads."""

from __future__ import annotations

import secrets
import shlex
import shutil
from importlib.metadata import version
from pathlib import Path

from meshroll.sandbox import files
from meshroll.sandbox.pulumi.official import PLUGIN, Official

ROOT = Path(__file__).resolve().parents[3]
PRIVATE_FOLDER, PROGRAM = 0o700, 0o755


def install(home: Path, python: Path, official: Official | None = None) -> dict[str, str]:
    """Lay or refresh the home (mode 0700) and return the environment that makes `pulumi` use it.

    `python` runs the stand-ins. An official plug-in from a cache is linked in the stand-in's place. The state of
    stacks and the passphrase survive a second call.
    """
    plugins, state, passphrase = home / "plugins", home / "state", home / "passphrase"
    for folder in (home, plugins, state):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(PRIVATE_FOLDER)
    _fill(plugins, python, official or Official())
    if not passphrase.exists():
        files.write_once(passphrase, secrets.token_urlsafe(32))
    return {
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }


def _fill(plugins: Path, python: Path, official: Official) -> None:
    stand_ins = {}
    if official.language_host is None:
        stand_ins[f"language-python-v{version('pulumi')}"] = ("pulumi-language-python", "language")
    if official.kubernetes is None:
        stand_ins[f"resource-kubernetes-v{version('pulumi_kubernetes')}"] = (PLUGIN, "kubernetes")
    for old in [*plugins.glob("language-python-v*"), *plugins.glob("resource-kubernetes-v*")]:
        if old.is_symlink() or old.is_file():
            old.unlink()
        elif old.name not in stand_ins:
            shutil.rmtree(old)
    for name, (executable, module) in stand_ins.items():
        _lay(plugins / name / executable, python, f"meshroll.sandbox.pulumi.{module}.__main__")
    if official.kubernetes is not None and official.kubernetes.is_dir():
        (plugins / official.kubernetes.name).symlink_to(official.kubernetes)


def _lay(executable: Path, python: Path, module: str) -> None:
    executable.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from {module} import main; main()"
    text = (
        "#!/bin/sh\n"
        "# Stand-in, laid by `meshroll sandbox` where the official Pulumi plug-in is not installed.\n"
        f'exec {shlex.quote(str(python))} -I -W ignore -c {shlex.quote(code)} "$@"\n'
    )
    fresh = executable.with_name(f".{executable.name}")  # moved into place: a running `pulumi` may be about to start it
    fresh.write_text(text)
    fresh.chmod(PROGRAM)
    fresh.replace(executable)
