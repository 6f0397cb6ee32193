"""Real bare repositories for tests, and the commits that other people make in them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meshroll.gitops.git import Remote
from meshroll.manifests.templates import MARKER

BRANCH = "main"
PERSON = {"NAME": "Ada", "EMAIL": "ada@localhost"}


def rollout(service: str, version: str) -> str:
    """A rendered Rollout, as short as it can be."""
    return (
        f"{MARKER}weight: edit the stack, not this file.\nkind: Rollout\nmetadata:\n  name: {service}\n"
        f"spec:\n  template:\n    metadata:\n      labels:\n        version: {version}\n"
    )


def release(**versions: str) -> dict[str, dict[str, str]]:
    """The rendered files of some services (underscores become dashes), one file each."""
    names = {name.replace("_", "-"): version for name, version in versions.items()}
    return {name: {"rollout.yaml": rollout(name, version)} for name, version in names.items()}


@dataclass(frozen=True)
class Repository:
    """A bare repository and a folder for what tests need beside it."""

    path: Path
    work: Path

    @classmethod
    def make(cls, folder: Path) -> Repository:
        made = cls(folder / "rollouts.git", folder / "work")
        made.work.mkdir(parents=True)
        git("init", "--quiet", "--bare", "--initial-branch=main", str(made.path))
        made.git("config", "uploadpack.allowFilter", "true")  # as the hosting services do
        return made

    @property
    def remote(self) -> Remote:
        return Remote(f"file://{self.path}", BRANCH)

    @property
    def cache(self) -> Path:
        return self.work / "cache"

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        return git(f"--git-dir={self.path}", *arguments, stdin=stdin)

    def head(self, branch: str = BRANCH) -> str:
        return self.git("rev-parse", f"refs/heads/{branch}").strip()

    def log(self, form: str = "%s") -> list[str]:
        return self.git("log", f"--format={form}", BRANCH).splitlines()

    def read(self, path: str) -> str:
        return self.git("cat-file", "blob", f"{BRANCH}:{path}")

    def files(self) -> list[str]:
        return self.git("ls-tree", "-r", "--name-only", BRANCH).splitlines()

    def commit(
        self,
        message: str = "by hand",
        *,
        write: Mapping[str, str | bytes] | None = None,
        remove: tuple[str, ...] = (),
        modes: dict[str, str] | None = None,
        branch: str = BRANCH,
    ) -> str:
        """Commit as another person would, through an index of its own.

        `modes` gives 120000 for a link and 160000 for a submodule, whose content is the id of a commit.
        """
        index = {"GIT_INDEX_FILE": str(self.work / "index")}
        (self.work / "index").unlink(missing_ok=True)
        has_parent = bool(self.git("for-each-ref", f"refs/heads/{branch}"))
        if has_parent:
            git(f"--git-dir={self.path}", "read-tree", branch, environment=index)
        for path, content in (write or {}).items():
            data = content.encode() if isinstance(content, str) else content
            mode = (modes or {}).get(path, "100644")
            is_submodule = mode == "160000"
            blob = data.decode() if is_submodule else self.git("hash-object", "-w", "--stdin", stdin=data).strip()
            git(f"--git-dir={self.path}", "update-index", "--add", "--cacheinfo", mode, blob, path, environment=index)
        for path in remove:
            entry = f"0 {'0' * 40}\t{path}\n".encode()
            git(f"--git-dir={self.path}", "update-index", "--index-info", stdin=entry, environment=index)
        tree = git(f"--git-dir={self.path}", "write-tree", environment=index).strip()
        parents = ("-p", branch) if has_parent else ()
        commit = self.git("commit-tree", tree, *parents, stdin=f"{message}\n".encode()).strip()
        self.git("update-ref", f"refs/heads/{branch}", commit)
        return commit


def git(*arguments: str, stdin: bytes = b"", environment: dict[str, str] | None = None) -> str:
    """Git without anybody's configuration, as Ada."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    person = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in PERSON.items()}
    settings = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", **person, **(environment or {})}
    done = subprocess.run(
        ["git", *arguments], input=stdin, env={**inherited, **settings}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "surrogateescape")
