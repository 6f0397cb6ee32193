"""The YAML and JSON files below a path of one commit, read at once and parsed only where they matter.

A file that cannot be read as YAML is reported where it may hold what is looked for, and so are Jsonnet, what Git LFS
keeps elsewhere, and links that lead out of the path; the templates of a chart, which are told by the Chart.yaml beside
their folder, need not be YAML.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath

from meshroll.errors import BadInputError
from meshroll.gitops.git import LINKS, TREE, Git, LinkError, TreeEntry, Trees
from meshroll.gitops.planners.contents import (
    JSONNET,
    KUSTOMIZATIONS,
    holds,
    is_below,
    is_manifest,
    is_pointer,
    kept_by_lfs,
    names,
    read,
)
from meshroll.gitops.planners.links import Link, link_at
from meshroll.yamltext import MAX_BYTES, Text

MAX_TOTAL_BYTES = 256 << 20
LEAST = 28  # bytes of a value, among many


class NothingFoundError(BadInputError):
    """Nothing below the path holds the service's version."""


class Files:
    """The files below a folder, or one file. Raises BadInputError when there is nothing at the path."""

    def __init__(self, git: Git, trees: Trees, tree: str, path: str) -> None:
        self.path = path.strip("/")
        self._troubles: dict[str, BadInputError] = {}  # what is wrong with the files passed over
        self._git, self._trees, self._tree = git, trees, tree
        self._parsed: dict[str, Text | None] = {}
        self._texts: dict[tuple[bytes, str], Text] = {}  # by content and suffix: a file may have many names
        entry = self._find(self.path)
        if entry is None:
            raise NothingFoundError("there is no such file or folder in the repository", where=self.path)
        self.single = entry.is_file  # the path is a file's
        self.folder = "/".join(self.path.split("/")[:-1]) if self.single else self.path
        every = {self.path: entry} if self.single else dict(sorted(trees.walk(tree, self.path)))
        self.entries = {
            file: item for file, item in every.items() if item.is_file and (self.single or is_manifest(file))
        }
        self._jsonnet = {file: item for file, item in every.items() if item.is_file and file.endswith(JSONNET)}
        self._links = {file: item for file, item in every.items() if item.mode in LINKS}

    def mentioning(self, name: str) -> Iterator[Text]:
        """The readable files in which a name occurs; all of them for an empty one."""
        for file, content in self._contents.items():
            if holds(content, name) and (text := self._read(file, content)):
                yield text

    def troubles(self, name: str) -> list[BadInputError]:
        """What is wrong with the files passed over in which a name occurs, or whose content is not known."""
        held = self._contents
        return [error for file, error in self._troubles.items() if file not in held or names(held[file], name)]

    def links(self, name: str) -> list[tuple[Link, bool]]:
        """The links that lead out of the path, and whether a name occurs behind each, or in its own path.

        One behind which the name does not occur is left out.
        """
        found = []
        for path, entry in self._links.items():
            link = link_at(self._trees, self._tree, path, entry)
            called = names(path.encode("utf-8", "surrogateescape"), name)
            if link.target is None:
                found.append((link, called))
            elif not is_below(link.target, self.path) and self._occurs(link.target, name):
                found.append((link, True))
        return found

    def kustomizations(self) -> Iterator[Text]:
        """The kustomizations. Raises BadInputError for one that cannot be read: it might set what is looked for."""
        for file in [name for name in self.entries if PurePosixPath(name).name in KUSTOMIZATIONS]:
            content = self._contents.get(file)
            if text := self._read(file, content) if content is not None else None:
                yield text
            elif file in self._troubles:
                raise self._troubles[file]

    def everywhere(self) -> Files:
        """The files of the whole repository, or where those are too many, these."""
        try:
            return Files(self._git, self._trees, self._tree, "") if self.path else self
        except BadInputError:
            return self

    def named(self, name: str) -> Text:
        """A file named from the folder, or with a leading slash from the root. Raises BadInputError."""
        file = name.lstrip("/") if name.startswith("/") or not self.folder else f"{self.folder}/{name}"
        text = self._parsed.get(file)
        if text is None:
            entry = self._find(file)
            if entry is None or not entry.is_file:
                what = "it is a folder" if entry else "there is no such file in the repository"
                raise NothingFoundError(what, where=file, expected="a YAML or JSON file")
            self.entries[file] = entry
            text = self._parsed[file] = self._parse(self._trees.read(entry, file), file)
        return text

    def kustomization(self, folder: str) -> Text | None:
        """The kustomization of a folder of the repository, None where there is none. Raises BadInputError."""
        above = self._find(folder.strip("/"))
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
            text = self._parsed[file] = self._parse(self._bytes(file, entry), file)
        return text

    def holds(self, file: str, text: str) -> bool | None:
        """Whether a text occurs in a file of the repository; None where there is none."""
        entry = self._entry(file)
        if entry is None:
            return None
        content = self._bytes(file, entry)
        return holds(content, text) or is_pointer(content)

    def _is_chart_template(self, file: str) -> bool:
        """Whether a chart's `templates` folder holds the file: beside it is a Chart.yaml."""
        names = file.split("/")
        above = ["/".join(names[:index]) for index, name in enumerate(names[:-1]) if name == "templates"]
        return any(self._entry(f"{folder}/Chart.yaml".lstrip("/")) is not None for folder in above)

    def _find(self, path: str) -> TreeEntry | None:
        """What stands at a path of the repository. Raises BadInputError for what is behind a link, with its target."""
        try:
            return self._trees.find(self._tree, path)
        except LinkError as error:
            link = link_at(self._trees, self._tree, error.link, error.entry)
            raise link.refusal(path.removeprefix(error.link).strip("/")) from None

    def _occurs(self, path: str, name: str) -> bool:
        """Whether a name occurs in a file, or in one below a folder."""
        try:
            behind = Files(self._git, self._trees, self._tree, path)
            return any(names(content, name) for content in behind._contents.values())
        except BadInputError:  # it cannot be read
            return True

    def _entry(self, file: str) -> TreeEntry | None:
        entry = self.entries.get(file) or self._find(file)
        return entry if entry is not None and entry.is_file else None

    def _bytes(self, file: str, entry: TreeEntry) -> bytes:
        content = self._contents.get(file)
        return content if content is not None else self._trees.read(entry, file)

    def _parse(self, content: bytes, file: str) -> Text:
        key = (content, PurePosixPath(file).suffix)
        if key not in self._texts:
            values = len(content) // LEAST  # what reading it may take where it is refused
            try:
                text = self._texts[key] = read(content, file)
                values = text.size
            finally:
                self._git.budget.take("values in files", values)
        return self._texts[key].called(file)

    def _read(self, file: str, content: bytes) -> Text | None:
        if file not in self._parsed:
            try:
                self._parsed[file] = self._parse(content, file)
            except BadInputError as error:
                if self.single:
                    raise
                self._parsed[file] = None
                if not self._is_chart_template(file):  # which need not be YAML
                    self._troubles[file] = error
        return self._parsed[file]

    @cached_property
    def _contents(self) -> Mapping[str, bytes]:
        oids = {file: entry.oid for file, entry in (self.entries | self._jsonnet).items()}
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
            elif is_pointer(contents[oid]):
                self._troubles[file] = kept_by_lfs(file)
        return {file: contents[oid] for file, oid in oids.items() if oid not in large and file not in self._troubles}
