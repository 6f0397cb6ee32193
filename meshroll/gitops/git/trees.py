"""Git's trees, read and written folder by folder: the cost follows what is touched, and no work tree is needed.

A path is walked name by name. A symbolic link, submodule or file in the way, `..`, `.git`, or a name that differs from
an existing one only in case is refused: what we commit must be what a checkout on any machine shows.

Where the server allows it the cache begins with a commit alone. Folders are then fetched as they are walked, all of one
level at a time, and files together with those found in the same walk: few round trips, and nothing that is not read.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from meshroll.errors import BadInputError
from meshroll.gitops.git.attributes import ATTRIBUTES, filters
from meshroll.gitops.git.budget import MAX_LEVELS, MAX_OBJECT_BYTES
from meshroll.gitops.git.loose import object_id
from meshroll.gitops.git.process import Git

MAX_LOOSE = 100  # more files than these are written by Git, as a pack
MAX_FILES = 10_000
TREE, FOLDER_MODE = "tree", "040000"
LINKS = {"120000": "a symbolic link", "160000": "a submodule"}


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One name in a folder. A plain file has mode 100644 or 100755."""

    mode: str
    kind: str
    oid: str

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file."""
        return self.mode.startswith("100")


class LinkError(BadInputError):
    """A symbolic link or a submodule stands where something else was expected; neither is followed."""

    def __init__(self, what: str, link: str, entry: TreeEntry, expected: str) -> None:
        super().__init__(what, where=link, expected=expected)
        self.link = link  # its path
        self.entry = entry


class Trees:
    """Reads trees through a small memory and writes new ones. The empty id stands for an empty tree."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._read: dict[str, Mapping[str, TreeEntry]] = {"": {}}
        self._listed: dict[str, set[str]] = {}  # what a walk has found and nobody has read: blobs by a name's suffix
        self._contents: dict[str, bytes] = {}  # files that were read ahead
        self._alike: dict[str, Mapping[str, Sequence[str]]] = {}  # by tree: its names by what they are without case
        self._made: dict[str, bytes] = {}  # trees that are not written yet, each after those within it

    def entries(self, tree: str) -> Mapping[str, TreeEntry]:
        """The names of one folder."""
        self._load([tree])
        return self._read[tree]

    def load_folders(self, places: Iterable[tuple[str, str]]) -> None:
        """Read the folders above several places (tree, path) level by level: one by one would be slow."""
        at = [(tree, path_names(path)) for tree, path in places]
        while at:
            self._load([oid for oid, _ in at])
            below = ((self._read[oid].get(names[0]), names[1:]) for oid, names in at if names)
            at = [(entry.oid, names) for entry, names in below if names and entry is not None and entry.kind == TREE]

    def find(self, tree: str, path: str) -> TreeEntry | None:
        """What stands at a path, None for nothing. Raises BadInputError when we must not write through it."""
        entry: TreeEntry | None = TreeEntry(FOLDER_MODE, TREE, tree)
        walked: list[str] = []
        for name in path_names(path):
            if entry is None:
                return None
            if entry.mode in LINKS:
                raise LinkError(f"{LINKS[entry.mode]} is in the way", "/".join(walked), entry, "a folder")
            if entry.kind != TREE:
                raise BadInputError("a file is in the way", where="/".join(walked), expected="a folder")
            above = entry.oid
            walked.append(name)
            entry = self.entries(above).get(name)
            if above not in self._alike:
                self._alike[above] = _alike(self.entries(above))
            _check_twins(self._alike[above], name, walked)
        if entry is not None and entry.mode in LINKS:
            raise LinkError(f"it is {LINKS[entry.mode]}", path, entry, "a plain file")
        return entry

    def files(self, tree: str, folder: str) -> Iterator[tuple[str, TreeEntry]]:
        """Every plain file below a folder with its whole path; links and submodules are passed over."""
        return ((path, entry) for path, entry in self.walk(tree, folder) if entry.is_file)

    def walk(self, tree: str, folder: str) -> Iterator[tuple[str, TreeEntry]]:
        """Everything but folders below a folder with its whole path; links and submodules are not followed."""
        top = self.find(tree, folder)
        level = [(folder, top.oid)] if top is not None and top.kind == TREE else []
        found: list[tuple[str, TreeEntry]] = []
        levels = len(path_names(folder))
        while level:
            self._load([oid for _, oid in level])
            below = []
            for prefix, oid in level:
                for name, child in self._read[oid].items():
                    path = f"{prefix}/{name}" if prefix else name
                    if child.kind == TREE:
                        below.append((path, child.oid))
                        continue
                    found.append((path, child))
                    if child.is_file:
                        self._listed.setdefault(_suffix(name), set()).add(child.oid)
                if len(found) + len(below) > MAX_FILES:
                    raise BadInputError(f"more than {MAX_FILES} files", where=folder, expected="a service's own folder")
            level = below
            levels += 1
            if level and levels > MAX_LEVELS:
                what = f"folders lie more than {MAX_LEVELS} levels deep"
                raise BadInputError(what, where=folder or "/", expected="a service's own folder")
        yield from found

    def read(self, entry: TreeEntry, path: str) -> bytes:
        """A file's bytes. Raises BadInputError above 10 MiB: no manifest is that long."""
        if entry.oid in self._contents:
            return self._contents[entry.oid]
        beside = self._listed.pop(_suffix(path), set())
        contents, sizes = self._git.contents([entry.oid], _is_readable, beside=sorted(beside))
        if entry.oid in sizes:
            size = sizes[entry.oid]
            raise BadInputError(f"the file has {size} bytes", where=path, expected=f"at most {MAX_OBJECT_BYTES}")
        return contents[entry.oid]

    def read_ahead(self, entries: Iterable[TreeEntry]) -> None:
        """Read files at once: one by one would be slow. One that is too long is left to `read`."""
        wanted = [entry.oid for entry in entries if entry.oid not in self._contents]
        if wanted:
            contents, _ = self._git.contents(wanted, _is_readable)
            self._contents |= contents

    def store(self, content: bytes) -> str:
        """Keep a file's bytes in the cache and return their id."""
        self.store_all([content])
        return blob_of(content)

    def store_all(self, contents: Iterable[bytes]) -> None:
        """Keep the bytes of files in the cache, all at once."""
        blobs = list(dict.fromkeys(contents))
        if len(blobs) <= MAX_LOOSE:
            self._git.add("blob", blobs)
        else:
            lines = [b"blob\ndata %d\n%b\n" % (len(content), content) for content in blobs]
            self._git.text("fast-import", "--quiet", "--done", stdin=b"".join([*lines, b"done\n"]))

    def write(self, tree: str, changes: Mapping[str, tuple[str, str] | None]) -> str:
        """The tree with files (mode, blob) put in place and, for None, removed; folders left empty vanish.

        Raises BadInputError for a file to be written that has a filter.
        """
        checked = {path: change for path, change in changes.items() if path_names(path)}
        self.load_folders((tree, path) for path in checked)
        self._refuse_filtered(tree, [path for path, change in checked.items() if change is not None])
        made = self._write(tree, checked, ()) or self._make({})
        self._flush()
        return made

    def _write(self, tree: str, changes: Mapping[str, tuple[str, str] | None], walked: tuple[str, ...]) -> str:
        entries = dict(self.entries(tree))
        below: dict[str, dict[str, tuple[str, str] | None]] = defaultdict(dict)
        for path, change in changes.items():
            name, _, rest = path.partition("/")
            if rest:
                below[name][rest] = change
            elif change is None:
                entries.pop(name, None)
            else:
                entries[name] = TreeEntry(change[0], "blob", change[1])
        for name, inner in below.items():
            old = entries.pop(name, None)
            if old is not None and old.kind != TREE:
                raise BadInputError("a file is in the way", where="/".join((*walked, name)), expected="a folder")
            new = self._write(old.oid if old else "", inner, (*walked, name))
            if new:
                entries[name] = TreeEntry(FOLDER_MODE, TREE, new)
        alike = _alike(entries)
        for name in {path.partition("/")[0] for path in changes} & entries.keys():
            _check_twins(alike, name, (*walked, name))
        return self._make(entries) if entries else ""

    def _refuse_filtered(self, tree: str, files: Collection[str]) -> None:
        names = [path_names(file)[:-1] for file in files]
        folders = {"/".join(above[:depth]) for above in names for depth in range(len(above) + 1)}
        attributes: dict[str, str] = {}
        for folder in sorted(folders):
            top = self.find(tree, folder)
            entry = self.entries(top.oid).get(ATTRIBUTES) if top is not None and top.kind == TREE else None
            if entry is not None and entry.kind == "blob":  # of a link, Git takes the link's own text on a checkout
                path = f"{folder}/{ATTRIBUTES}".lstrip("/")
                self.read(entry, path)
                attributes[path] = entry.oid
        for file, name in filters(self._git, attributes, files).items() if attributes else ():
            raise BadInputError(
                f"{' or '.join(attributes)} gives it the filter {name!r}, which is never run",
                where=file,
                expected="a file without a filter",
            )

    def _make(self, entries: Mapping[str, TreeEntry]) -> str:
        content = _tree_bytes(entries)
        oid = object_id(TREE, content)
        if oid not in self._read:
            self._made[oid] = content
            self._read[oid] = dict(entries)
        return oid

    def _flush(self) -> None:
        """Write the trees that were made."""
        made, self._made = self._made, {}
        self._git.add(TREE, made.values())

    def _load(self, trees: Collection[str]) -> None:
        unread = [tree for tree in trees if tree not in self._read]
        if unread:
            for oid, (_, content) in self._git.objects(unread).items():
                self._read[oid] = _parse(content)
                self._git.budget.take("names in folders", len(self._read[oid]))


def tree_of(git: Git, commit: str) -> str:
    """The tree of a commit; empty for no commit."""
    if not commit:
        return ""
    return root_of(git.objects([commit])[commit][1])


def root_of(commit: bytes) -> str:
    """The tree that a commit's own bytes name."""
    return commit.partition(b"\n")[0].removeprefix(b"tree ").decode()


def blob_of(content: bytes) -> str:
    """The id that Git gives a file's bytes."""
    return object_id("blob", content)


def _tree_bytes(entries: Mapping[str, TreeEntry]) -> bytes:
    """A folder as Git stores it: its names by their bytes, those of folders as if a slash ended them."""
    raw = ((name.encode("utf-8", "surrogateescape"), entry) for name, entry in entries.items())
    ordered = sorted(raw, key=lambda item: item[0] + b"/" * (item[1].kind == TREE))
    return b"".join(
        b"%b %b\0%b" % (entry.mode.lstrip("0").encode(), name, bytes.fromhex(entry.oid)) for name, entry in ordered
    )


def path_names(path: str) -> list[str]:
    """The names of a path in the repository; empty for its root. Raises BadInputError for one that leaves the tree."""
    names = path.split("/") if path else []
    if len(names) > MAX_LEVELS:
        raise BadInputError(f"a path has {len(names)} names", where=path, expected=f"at most {MAX_LEVELS}")
    for name in names:
        unsafe = name in ("", ".", "..") or _fold(name) in (".git", "git~1") or "\\" in name
        if unsafe or any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in set(name)):
            raise BadInputError(f"{path!r} is not a path inside the repository")
    return names


def _alike(entries: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Names by what they are without case."""
    found: dict[str, list[str]] = {}
    for name in entries:
        found.setdefault(_fold(name), []).append(name)
    return found


def _check_twins(alike: Mapping[str, Sequence[str]], name: str, walked: Sequence[str]) -> None:
    """Raise BadInputError for a name beside one that some machine's checkout could not tell from it."""
    twin = next((other for other in alike.get(_fold(name), ()) if other != name), None)
    if twin:
        raise BadInputError(f"the repository has {twin!r}, different only in case", where="/".join(walked))


def _parse(content: bytes) -> dict[str, TreeEntry]:
    """Git's tree object: for each name its mode, a space, the name, a zero byte and twenty bytes of id."""
    entries, start = {}, 0
    while start < len(content):
        middle = content.index(b"\0", start)
        mode, name = content[start:middle].split(b" ", 1)
        start = middle + 21
        mode_text = mode.decode().rjust(6, "0")
        kind = {FOLDER_MODE: TREE, "160000": "commit"}.get(mode_text, "blob")
        entries[name.decode("utf-8", "surrogateescape")] = TreeEntry(mode_text, kind, content[middle + 1 : start].hex())
    return entries


def _is_readable(size: int) -> bool:
    return size <= MAX_OBJECT_BYTES


def _suffix(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[2]


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
