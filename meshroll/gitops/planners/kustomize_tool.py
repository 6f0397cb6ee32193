"""What Kustomize makes of a folder as it will be after a plan's edits, where `kustomize` or `kubectl` is on PATH.

Nothing is fetched and no plug-in runs: charts and what comes from elsewhere are left out, and said to be. Without the
tools, a kustomization that only puts files together is built all the same.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

import yaml

from meshroll.errors import BadInputError
from meshroll.gitops.git import Trees
from meshroll.gitops.planners.contents import KUSTOMIZATIONS
from meshroll.gitops.planners.enclosed import ToolError, run_enclosed
from meshroll.gitops.planners.kustomize import is_remote
from meshroll.yamltext import Text, parse

MAX_FILES = 5000
_TAKEN = ("resources", "bases", "components")
_LISTS = (*_TAKEN, "crds", "configurations", "generators", "transformers", "validators")
_CHARTS = ("helmCharts", "helmChartInflationGenerator", "helmGlobals")
# What changes nothing that matters to the lint but the namespace, which is easily set.
_PLAIN = {"apiVersion", "kind", "metadata", "resources", "bases", "namespace", "images", "commonAnnotations"}


class NotBuiltError(Exception):
    """Why a folder was not built."""


@dataclass(frozen=True)
class Built:
    """The objects that come of a folder, and what was left out of it, each with who names it."""

    text: Text
    left_out: tuple[str, ...] = ()


def build(trees: Trees, tree: str, path: str, contents: Mapping[str, bytes]) -> Built:
    """The objects that Kustomize makes of a folder. Raises NotBuiltError."""
    files: dict[str, bytes] = {}
    left_out: list[str] = []
    _collect(trees, tree, path, contents, files, left_out)
    tool = next((found for name in ("kustomize", "kubectl") if (found := shutil.which(name))), None)
    try:
        output = _put_together(files, path) if tool is None else _run(tool, files, path)
        return Built(parse(output, f"{path}/kustomization".lstrip("/")), tuple(left_out))
    except BadInputError as error:
        raise NotBuiltError(str(error)) from error
    except NotBuiltError as error:
        # What is left out can be what the tool misses.
        raise NotBuiltError("; ".join([*left_out, str(error)])) from error


def _collect(
    trees: Trees, tree: str, path: str, contents: Mapping[str, bytes], files: dict[str, bytes], left_out: list[str]
) -> None:
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
        files[name] = _without_foreign(files[name], name, left_out)
        for reference in _references(files[name], name):
            if is_remote(reference):
                raise NotBuiltError(f"{name} takes {reference} from elsewhere")
            target = normpath(f"{PurePosixPath(name).parent}/{reference}")
            if target.startswith("..") or reference.startswith("/"):
                raise NotBuiltError(f"{name} takes {reference} from outside of the repository")
            if not any(_in(known, target) or known == target for known in files):
                _collect(trees, tree, "" if target == "." else target, contents, files, left_out)


def _without_foreign(content: bytes, name: str, left_out: list[str]) -> bytes:
    """A kustomization without charts and what comes from elsewhere, both of which would be fetched."""
    changed: dict[str, Any] = {}
    for document in _documents(content, name):
        changed = dict(document)
        if any(changed.pop(key, None) for key in _CHARTS):
            left_out.append(f"{name} inflates a Helm chart")
        for key in _TAKEN:
            foreign = [each for each in _list(document.get(key)) if isinstance(each, str) and is_remote(each)]
            if foreign:
                left_out += [f"{name} takes {each} from elsewhere" for each in foreign]
                changed[key] = [each for each in document[key] if each not in foreign]
        if changed == document:
            return content
    return yaml.safe_dump(changed).encode() if changed else content


def _references(content: bytes, name: str) -> Iterator[str]:
    """What a kustomization takes in by name."""
    for document in _documents(content, name):
        for key in _LISTS:
            yield from (each for each in _list(document.get(key)) if isinstance(each, str) and "\n" not in each)


def _documents(content: bytes, name: str) -> list[dict[str, Any]]:
    try:
        return [each for each in parse(content, name).documents if isinstance(each, dict)]
    except BadInputError as error:
        raise NotBuiltError(str(error)) from error


def _put_together(files: Mapping[str, bytes], path: str) -> bytes:
    """What comes of a kustomization that only puts files together. Raises NotBuiltError for any other."""
    return yaml.safe_dump_all(_taken(files, path, ())).encode()


def _taken(files: Mapping[str, bytes], path: str, seen: tuple[str, ...]) -> list[Any]:
    name = next((file for each in KUSTOMIZATIONS if (file := f"{path}/{each}".lstrip("/")) in files), None)
    if name is None:
        content = files.get(path)
        return _documents(content, path) if content is not None else []
    if path in seen:
        raise NotBuiltError(f"{name} takes in itself")
    found: list[Any] = []
    for document in _documents(files[name], name):
        if further := sorted(document.keys() - _PLAIN):
            raise NotBuiltError(f"neither kustomize nor kubectl is on PATH, and {name} has {', '.join(further)}")
        for reference in _references(files[name], name):
            target = normpath(f"{PurePosixPath(name).parent}/{reference}")
            found += _taken(files, "" if target == "." else target, (*seen, path))
        if namespace := document.get("namespace"):
            found = [{**item, "metadata": {**(item.get("metadata") or {}), "namespace": namespace}} for item in found]
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _in(file: str, folder: str) -> bool:
    return not folder or file.startswith(f"{folder}/")


def _run(tool: str, files: Mapping[str, bytes], path: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="meshroll-") as folder:
        for name, content in files.items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        command = [tool, "build" if Path(tool).name == "kustomize" else "kustomize", str(Path(folder, path))]
        try:
            done = run_enclosed(command, folder)
        except ToolError as error:
            raise NotBuiltError(str(error)) from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["it failed without a message"]
        raise NotBuiltError(f"{Path(tool).name}: {lines[-1].replace(folder, '')}")
    return done.stdout
