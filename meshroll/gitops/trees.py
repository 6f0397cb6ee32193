"""Git's trees, read and written folder by folder: the cost follows what is touched, and no work tree is needed.

A path is walked name by name. A symbolic link, submodule or file in the way, `..`, `.git`, or a name that differs from
an existing one only in case is refused: what we commit must be what a checkout on any machine shows.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from meshroll.errors import BadInputError
from meshroll.gitops.command import Git

MAX_BLOB_BYTES = 1 << 20
MAX_FILES = 10_000
_MODES = {"120000": "a symbolic link", "160000": "a submodule"}


@dataclass(frozen=True)
class Entry:
    """One name in a folder. A plain file has mode 100644 or 100755."""

    mode: str
    kind: str
    oid: str

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file."""
        return self.mode.startswith("100")


class Trees:
    """Reads trees through a small memory and writes new ones. The empty id stands for an empty tree."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._read: dict[str, dict[str, Entry]] = {"": {}}

    def entries(self, tree: str) -> Mapping[str, Entry]:
        """The names of one folder."""
        if tree not in self._read:
            listed = self._git.text("ls-tree", "-z", tree)
            found: dict[str, Entry] = {}
            for line in filter(None, listed.split("\0")):
                fields, name = line.split("\t", 1)
                found[name] = Entry(*fields.split(" "))
            self._read[tree] = found
        return self._read[tree]

    def find(self, tree: str, path: str) -> Entry | None:
        """What stands at a path, None for nothing. Raises BadInputError when we must not write through it."""
        entry: Entry | None = Entry("040000", "tree", tree)
        walked: list[str] = []
        for name in split(path):
            if entry is None:
                return None
            if entry.kind != "tree":
                what = _MODES.get(entry.mode, "a file")
                raise BadInputError(f"{what} is in the way", where="/".join(walked), expected="a folder")
            entries = self.entries(entry.oid)
            walked.append(name)
            entry = entries.get(name)
            twin = None if entry else next((other for other in entries if _fold(other) == _fold(name)), None)
            if twin:
                raise BadInputError(f"the repository has {twin!r}, different only in case", where="/".join(walked))
        if entry is not None and entry.mode in _MODES:
            raise BadInputError(f"it is {_MODES[entry.mode]}", where=path, expected="a plain file")
        return entry

    def files(self, tree: str, folder: str) -> Iterator[tuple[str, Entry]]:
        """Every plain file below a folder with its whole path; links and submodules are passed over."""
        entry = self.find(tree, folder)
        pending = [(folder, entry.oid)] if entry is not None and entry.kind == "tree" else []
        seen = 0
        while pending:
            prefix, oid = pending.pop()
            for name, child in self.entries(oid).items():
                path = f"{prefix}/{name}" if prefix else name
                seen += 1
                if seen > MAX_FILES:
                    raise BadInputError(f"more than {MAX_FILES} files", where=folder, expected="a service's own folder")
                if child.kind == "tree":
                    pending.append((path, child.oid))
                elif child.is_file:
                    yield path, child

    def read(self, entry: Entry, path: str) -> bytes:
        """A file's bytes. Raises BadInputError above 1 MiB: no manifest is that long."""
        size = int(self._git.text("cat-file", "-s", entry.oid))
        if size > MAX_BLOB_BYTES:
            raise BadInputError(f"the file has {size} bytes", where=path, expected=f"at most {MAX_BLOB_BYTES}")
        return self._git.run("cat-file", "blob", entry.oid).output

    def store(self, content: bytes) -> str:
        """Keep a file's bytes in the cache and return their id."""
        return self._git.text("hash-object", "-w", "--no-filters", "--stdin", stdin=content)

    def write(self, tree: str, changes: Mapping[str, tuple[str, str] | None]) -> str:
        """The tree with files (mode, blob) put in place and, for None, removed; folders left empty vanish."""
        return self._write(tree, {path: change for path, change in changes.items() if split(path)}) or self._make({})

    def _write(self, tree: str, changes: Mapping[str, tuple[str, str] | None]) -> str:
        entries = dict(self.entries(tree))
        below: dict[str, dict[str, tuple[str, str] | None]] = defaultdict(dict)
        for path, change in changes.items():
            name, _, rest = path.partition("/")
            if rest:
                below[name][rest] = change
            elif change is None:
                entries.pop(name, None)
            else:
                entries[name] = Entry(change[0], "blob", change[1])
        for name, inner in below.items():
            old = entries.pop(name, None)
            new = self._write(old.oid if old else "", inner)
            if new:
                entries[name] = Entry("040000", "tree", new)
        return self._make(entries) if entries else ""

    def _make(self, entries: Mapping[str, Entry]) -> str:
        lines = "".join(f"{e.mode} {e.kind} {e.oid}\t{name}\0" for name, e in entries.items())
        oid = self._git.text("mktree", "-z", "--missing", stdin=lines.encode("utf-8", "surrogateescape"))
        self._read[oid] = dict(entries)
        return oid


def split(path: str) -> list[str]:
    """The names of a path in the repository; empty for its root. Raises BadInputError for one that leaves the tree."""
    names = path.split("/") if path else []
    for name in names:
        unsafe = name in ("", ".", "..") or _fold(name) in (".git", "git~1") or "\\" in name
        if unsafe or any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in name):
            raise BadInputError(f"{path!r} is not a path inside the repository", where="repository.path")
    return names


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
