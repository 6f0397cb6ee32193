"""Repositories of any size, made by `git fast-import`: clusters with twenty services of five manifests each."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

FILE = "clusters/cluster-0000/service-00/rollout.yaml"
SERVICE = "service-00"
PATH = "clusters/cluster-0000/{service}"
KINDS = ("rollout", "service", "virtual-service", "destination-rule", "config")
PERSON = "Ada <ada@localhost> 1700000000 +0000"


def make(folder: Path, files: int, commits: int) -> Path:
    """A bare repository with so many files and commits that serves parts of commits, as hosting services do."""
    path = folder / f"{files}-{commits}.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(path)], check=True)
    for key, value in {"uploadpack.allowFilter": "true", "gc.auto": "0", "receive.autogc": "false"}.items():
        subprocess.run(["git", f"--git-dir={path}", "config", key, value], check=True)
    with subprocess.Popen(["git", f"--git-dir={path}", "fast-import", "--quiet"], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for piece in _stream(files, commits):
            process.stdin.write(piece.encode())
        process.stdin.close()
        assert process.wait() == 0
    return path


def manifest(number: int, version: str = "v1") -> str:
    """One file, near a kilobyte; the first is the Rollout that is released."""
    cluster, service, kind = number // 100, number // 5 % 20, KINDS[number % 5]
    title = "Rollout" if kind == "rollout" else "ConfigMap"
    data = "".join(f"    key-{n}: value {number} {n}\n" for n in range(24))
    return (
        f"# Written by people: keep this comment.\napiVersion: v1\nkind: {title}\n"
        f"metadata:\n  name: service-{service:02d}\n  annotations:\n    cluster: 'cluster-{cluster:04d}'\n"
        f"spec:\n  template:\n    metadata:\n      labels:\n        version: {version}  # changed by releases\n"
        f"  data:\n{data}"
    )


def name(number: int) -> str:
    """The path of a file."""
    return f"clusters/cluster-{number // 100:04d}/service-{number // 5 % 20:02d}/{KINDS[number % 5]}.yaml"


def _stream(files: int, commits: int) -> Iterator[str]:
    yield _commit("all of it")
    for number in range(files):
        yield _file(name(number), manifest(number))
    for number in range(1, commits):
        at = 5 + number % max(1, files - 5)  # never the released service's own
        yield _commit(f"change {number}")
        yield _file(name(at), manifest(at, f"c{number}"))


def _commit(message: str) -> str:
    return f"commit refs/heads/main\ncommitter {PERSON}\ndata {len(message)}\n{message}\n"


def _file(path: str, content: str) -> str:
    return f"M 100644 inline {path}\ndata {len(content)}\n{content}\n"
