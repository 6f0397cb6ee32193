"""One part that is being built: under its lock, in a folder beside its place, which it takes whole by a rename."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import IO, Self

from meshroll.errors import UnavailableError
from meshroll.sandbox.build.gotool import Go, GoProcess, run_go
from meshroll.sandbox.build.locks import try_lock
from meshroll.sandbox.build.table import Build, ModuleFile


class Compilation:
    """A `go build` that runs. It ends by `finish`, or by `abandon`, which leaves nothing but Go's own cache."""

    def __init__(self, build: Build, go: Go, target: Path, lock: IO[str]) -> None:
        self.build, self._go, self._target, self._lock = build, go, target, lock
        self.began = time.monotonic()
        for left in target.parent.glob(f".{build.name}-*"):
            # An earlier build was killed; nobody else is at it, since the lock is ours.
            shutil.rmtree(left, ignore_errors=True)
        self._folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{build.name}-"))
        self._work = self._folder / ".work"
        self._work.mkdir()
        program = str(self._folder / build.name)
        self._process = GoProcess(go, ["build", *build.flags, "-o", program, build.package], build.source, self._work)

    @classmethod
    def start(cls, build: Build, go: Go, target: Path) -> Self | None:
        """Start it, unless another process builds the same part."""
        lock = try_lock(target.parent / f".{build.name}.lock")
        return None if lock is None else cls(build, go, target, lock)

    @property
    def seconds(self) -> float:
        """The processor time that it took so far."""
        return self._process.seconds

    @property
    def ended(self) -> bool:
        """Whether `go build` has ended, well or not."""
        return self._process.poll() is not None

    def finish(self) -> None:
        """Put the part into its place; UnavailableError with the end of the output when `go build` failed."""
        self._process.result(self.build.name)
        shutil.rmtree(self._work)
        for name in self.build.names:
            if name != self.build.name:
                (self._folder / name).symlink_to(self.build.name)
        for file in self.build.files:
            (self._folder / file.name).write_bytes(_content(file, self.build, self._go))
        self._folder.chmod(0o755)
        self._folder.rename(self._target)

    def kill(self) -> None:
        """End it with all its compilers."""
        self._process.kill()

    def abandon(self) -> None:
        """End it, and free what it holds; after `finish` there is only the latter to do."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.close()


def _content(file: ModuleFile, build: Build, go: Go) -> bytes:
    printed = run_go(["mod", "download", "-json", file.module], go, build.source, build.name)
    path = Path(json.loads(printed)["Dir"]) / file.path
    if not path.exists():
        raise UnavailableError(f"module {file.module} holds no {file.path}", where=f"building {build.name}")
    content = path.read_bytes()
    if not file.version:
        return content
    return json.dumps({**json.loads(content), "version": file.version}, separators=(",", ":")).encode()
