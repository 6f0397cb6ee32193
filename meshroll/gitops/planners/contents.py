"""What the bytes of a repository's files are: manifests, kustomizations, or something that is not read here."""

from __future__ import annotations

import codecs
import re
from pathlib import PurePosixPath

from meshroll.errors import BadInputError
from meshroll.yamltext import Text, parse

SUFFIXES = (".yaml", ".yml", ".json")
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
JSONNET = (".jsonnet", ".libsonnet")
_LFS = b"version https://git-lfs.github.com/spec/v1\n"
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def is_pointer(content: bytes) -> bool:
    """Whether Git LFS keeps the file's content, and this is its pointer."""
    return content.startswith(_LFS)


def read(content: bytes, file: str) -> Text:
    """A file that holds what it says in Git itself. Raises BadInputError."""
    if is_pointer(content):
        raise kept_by_lfs(file)
    if file.endswith(JSONNET):
        expected = "a field in a YAML or JSON file that it imports, path:FILE#POINTER"
        raise BadInputError("it is Jsonnet, which is not evaluated", where=file, expected=expected)
    return parse(content, file)


def kept_by_lfs(file: str) -> BadInputError:
    """The error for a file whose content is not in the repository."""
    return BadInputError("Git LFS keeps its content elsewhere", where=file, expected="the file in Git itself")


def names(content: bytes, name: str) -> bool:
    """Whether a name occurs as a whole one."""
    text = content.decode(_UTF16.get(content[:2], "utf-8"), "replace")
    return not name or re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def holds(content: bytes, name: str) -> bool:
    """Whether a name occurs, also in a file that is to be refused for its UTF-16."""
    encoding = _UTF16.get(content[:2], "utf-8")
    return name.encode(encoding) in content


def is_manifest(file: str) -> bool:
    """Whether a file's name is one of YAML, JSON or a kustomization."""
    return file.endswith(SUFFIXES) or PurePosixPath(file).name in KUSTOMIZATIONS


def is_below(path: str, folder: str) -> bool:
    """Whether a path is a folder's or below it; everything is below the root."""
    return not folder or path == folder or path.startswith(f"{folder}/")
