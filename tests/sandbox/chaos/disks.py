"""A folder on a file system of its own, which can be filled or made read-only; only root can mount one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

FREE_KILOBYTES = 4096
BLOCK_KILOBYTES = 4


@dataclass(frozen=True)
class Disk:
    """A mounted folder."""

    folder: Path

    def fill(self) -> None:
        """Leave no space."""
        with suppress(OSError), self._filler.open("wb", buffering=0) as out:
            while True:
                out.write(bytes(BLOCK_KILOBYTES * 1024))

    def make_read_only(self) -> None:
        """Refuse every write from now on."""
        self._mount("remount,ro")

    def mend(self) -> None:
        """Writable again, with space."""
        self._mount("remount,rw")
        self._filler.unlink(missing_ok=True)

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    def _mount(self, options: str) -> None:
        subprocess.run(["mount", "-o", options, str(self.folder)], check=True)


@contextmanager
def own_disk(folder: Path) -> Iterator[Disk]:
    """Move a folder with its content to a small file system, and back when the block ends."""
    beside = folder.with_name(f"{folder.name}.beside")
    shutil.copytree(folder, beside, symlinks=True)
    needed = sum(-(-file.lstat().st_size // 1024) + BLOCK_KILOBYTES for file in beside.rglob("*"))
    size = f"size={needed + FREE_KILOBYTES}k,mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True)
    disk = Disk(folder)
    try:
        shutil.copytree(beside, folder, symlinks=True, dirs_exist_ok=True)
        yield disk
        disk.mend()
        shutil.rmtree(beside)
        shutil.copytree(folder, beside, symlinks=True)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder)
        beside.rename(folder)
