"""What Kustomize makes of a folder as it will be after a plan's edits, where `kustomize` or `kubectl` is on PATH.

Nothing is fetched and no plug-in runs: a kustomization that takes something from elsewhere is not built.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from meshroll.errors import BadInputError
from meshroll.gitops.git import Trees
from meshroll.gitops.planners.contents import KUSTOMIZATIONS
from meshroll.gitops.planners.kustomize import is_remote
from meshroll.yamltext import Text, parse

MAX_FILES = 5000
SECONDS = 20.0
_LISTS = ("resources", "bases", "components", "crds", "configurations", "generators", "transformers", "validators")


class NotBuiltError(Exception):
    """Why a folder was not built."""


def build(trees: Trees, tree: str, path: str, contents: Mapping[str, bytes]) -> Text:
    """The objects that Kustomize makes of a folder. Raises NotBuiltError."""
    tool = next((found for name in ("kustomize", "kubectl") if (found := shutil.which(name))), None)
    if tool is None:
        raise NotBuiltError("neither kustomize nor kubectl is on PATH")
    files: dict[str, bytes] = {}
    _collect(trees, tree, path, contents, files)
    with tempfile.TemporaryDirectory(prefix="meshroll-") as folder:
        for name, content in files.items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        output = _run(
            [tool, "build" if Path(tool).name == "kustomize" else "kustomize", str(Path(folder, path))], folder
        )
    try:
        return parse(output, f"{path}/kustomization".lstrip("/"))
    except BadInputError as error:
        raise NotBuiltError(str(error)) from error


def _collect(trees: Trees, tree: str, path: str, contents: Mapping[str, bytes], files: dict[str, bytes]) -> None:
    """The files of a kustomization's folder and of the folders that it takes in."""
    entry = trees.find(tree, path)
    if entry is None or entry.is_file:
        return  # the build says what is missing
    for name, found in trees.files(tree, path):
        if found.is_file and name not in files:
            files[name] = contents[name] if name in contents else trees.read(found, name)
        if len(files) > MAX_FILES:
            raise NotBuiltError(f"it takes in more than {MAX_FILES} files")
    for name in [name for name in files if _in(name, path) and PurePosixPath(name).name in KUSTOMIZATIONS]:
        for reference in _references(files[name], name):
            if is_remote(reference):
                raise NotBuiltError(f"{name} takes {reference} from elsewhere")
            target = normpath(f"{PurePosixPath(name).parent}/{reference}")
            if target.startswith("..") or reference.startswith("/"):
                raise NotBuiltError(f"{name} takes {reference} from outside of the repository")
            if not any(_in(known, target) or known == target for known in files):
                _collect(trees, tree, "" if target == "." else target, contents, files)


def _references(content: bytes, name: str) -> Iterator[str]:
    """What a kustomization takes in by name."""
    try:
        documents = parse(content, name).documents
    except BadInputError as error:
        raise NotBuiltError(str(error)) from error
    for document in (each for each in documents if isinstance(each, dict)):
        if document.get("helmCharts") or document.get("helmChartInflationGenerator"):
            raise NotBuiltError(f"{name} inflates a Helm chart")
        for key in _LISTS:
            yield from (each for each in _list(document.get(key)) if isinstance(each, str) and "\n" not in each)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _in(file: str, folder: str) -> bool:
    return not folder or file.startswith(f"{folder}/")


def _run(command: list[str], home: str) -> bytes:
    closed = "http://127.0.0.1:9"  # the discard port: nothing answers
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": home,
        "GIT_ALLOW_PROTOCOL": "none",
        "HTTP_PROXY": closed,
        "HTTPS_PROXY": closed,
    }
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=home,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotBuiltError(f"{Path(command[0]).name} did not end well ({type(error).__name__})") from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["it failed without a message"]
        raise NotBuiltError(f"{Path(command[0]).name}: {lines[-1].replace(home, '')}")
    return done.stdout
