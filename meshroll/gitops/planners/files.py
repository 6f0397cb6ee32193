"""The YAML and JSON files below a path of one commit, read at once and parsed only where they matter.

A file that cannot be read as YAML is reported where it may hold what is looked for; the templates of a chart, which are
told by the Chart.yaml beside their folder, need not be YAML.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath

from meshroll.errors import BadInputError
from meshroll.gitops.git import TREE, Git, TreeEntry, Trees
from meshroll.yamltext import MAX_BYTES, Text, parse

SUFFIXES = (".yaml", ".yml", ".json")
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
MAX_TOTAL_BYTES = 256 << 20
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class NothingFoundError(BadInputError):
    """Nothing below the path holds the service's version."""


class Files:
    """The files below a folder, or one file. Raises BadInputError when there is nothing at the path."""

    def __init__(self, git: Git, trees: Trees, tree: str, path: str) -> None:
        self.path = path.strip("/")
        self._troubles: dict[str, BadInputError] = {}  # what is wrong with the files passed over
        self._git, self._trees, self._tree = git, trees, tree
        self._parsed: dict[str, Text | None] = {}
        entry = trees.find(tree, self.path)
        if entry is None:
            raise NothingFoundError("there is no such file or folder in the repository", where=self.path)
        self.single = entry.is_file  # the path is a file's
        if self.single:
            self.folder = "/".join(self.path.split("/")[:-1])
            self.entries: dict[str, TreeEntry] = {self.path: entry}
        else:
            self.folder = self.path
            self.entries = {file: item for file, item in sorted(trees.files(tree, self.path)) if is_manifest(file)}

    def mentioning(self, name: str) -> Iterator[Text]:
        """The readable files in which a name occurs; all of them for an empty one."""
        for file, content in self._contents.items():
            if _holds(content, name) and (text := self._read(file, content)):
                yield text

    def troubles(self, name: str) -> list[BadInputError]:
        """What is wrong with the files passed over in which a name occurs, or that are too long to be searched."""
        held = self._contents
        return [error for file, error in self._troubles.items() if file not in held or _holds(held[file], name)]

    def kustomizations(self) -> Iterator[Text]:
        """The readable kustomizations."""
        for file, content in self._contents.items():
            if PurePosixPath(file).name in KUSTOMIZATIONS and (text := self._read(file, content)):
                yield text

    def named(self, name: str) -> Text:
        """A file named from the folder, or with a leading slash from the root. Raises BadInputError."""
        file = name.lstrip("/") if name.startswith("/") or not self.folder else f"{self.folder}/{name}"
        text = self._parsed.get(file)
        if text is None:
            entry = self._trees.find(self._tree, file)
            if entry is None or not entry.is_file:
                what = "it is a folder" if entry else "there is no such file in the repository"
                raise NothingFoundError(what, where=file, expected="a YAML or JSON file")
            self.entries[file] = entry
            text = self._parsed[file] = parse(self._trees.read(entry, file), file)
        return text

    def kustomization(self, folder: str) -> Text | None:
        """The kustomization of a folder of the repository, None where there is none. Raises BadInputError."""
        above = self._trees.find(self._tree, folder.strip("/"))
        if above is None or above.kind != TREE:
            return None
        files = [f"{folder.strip('/')}/{name}".strip("/") for name in KUSTOMIZATIONS]
        found = [file for file in files if self._entry(file) is not None]
        return self.manifest(found[0]) if found else None

    def manifest(self, file: str) -> Text | None:
        """A YAML or JSON file of the repository by its path, None where there is none. Raises BadInputError."""
        entry = self._entry(file)
        if entry is None:
            return None
        text = self._parsed.get(file)
        if text is None:
            text = self._parsed[file] = parse(self._bytes(file, entry), file)
        return text

    def holds(self, file: str, text: str) -> bool | None:
        """Whether a text occurs in a file of the repository; None where there is none."""
        entry = self._entry(file)
        return None if entry is None else _holds(self._bytes(file, entry), text)

    def _is_chart_template(self, file: str) -> bool:
        """Whether a chart's `templates` folder holds the file: beside it is a Chart.yaml."""
        names = file.split("/")
        above = ["/".join(names[:index]) for index, name in enumerate(names[:-1]) if name == "templates"]
        return any(self._entry(f"{folder}/Chart.yaml".lstrip("/")) is not None for folder in above)

    def _entry(self, file: str) -> TreeEntry | None:
        entry = self.entries.get(file) or self._trees.find(self._tree, file)
        return entry if entry is not None and entry.is_file else None

    def _bytes(self, file: str, entry: TreeEntry) -> bytes:
        content = self._contents.get(file)
        return content if content is not None else self._trees.read(entry, file)

    def _read(self, file: str, content: bytes) -> Text | None:
        if file not in self._parsed:
            try:
                self._parsed[file] = parse(content, file)
            except BadInputError as error:
                if self.single:
                    raise
                self._parsed[file] = None
                if not self._is_chart_template(file):  # which need not be YAML
                    self._troubles[file] = error
        return self._parsed[file]

    @cached_property
    def _contents(self) -> Mapping[str, bytes]:
        oids = {file: entry.oid for file, entry in self.entries.items()}
        total = 0

        def is_wanted(size: int) -> bool:
            nonlocal total
            if size > MAX_BYTES:
                return False
            total += size
            if total > MAX_TOTAL_BYTES:
                what = f"its files have more than {MAX_TOTAL_BYTES} bytes"
                raise BadInputError(what, where=self.path, expected="a service's own folder")
            return True

        contents, large = self._git.contents(sorted(set(oids.values())), is_wanted)
        for file, oid in oids.items():
            if oid in large:
                error = BadInputError(f"the file has {large[oid]} bytes", where=file, expected=f"at most {MAX_BYTES}")
                if self.single:
                    raise error
                self._troubles[file] = error
        return {file: contents[oid] for file, oid in oids.items() if oid not in large}


def _holds(content: bytes, name: str) -> bool:
    """Whether a name occurs, also in a file that is to be refused for its UTF-16."""
    encoding = _UTF16.get(content[:2], "utf-8")
    return name.encode(encoding) in content


def is_manifest(file: str) -> bool:
    """Whether a file's name is one of YAML, JSON or a kustomization."""
    return file.endswith(SUFFIXES) or PurePosixPath(file).name in KUSTOMIZATIONS
