"""One change of one version, four ways; each starts from a URL and ends with the commit on the server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.repository import FILE, PATH, SERVICE

CHECKOUT = Path(__file__).parents[1]
PERSON = {f"GIT_{role}_{part}": "bench" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
NOBODY = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "NO_COLOR": "1"}

GITPYTHON = """
import sys
from pathlib import Path
from git import Repo
from ruamel.yaml import YAML
url, folder, file, version = sys.argv[1:]
repo = Repo.clone_from(url, folder, depth=1)
path, yaml = Path(folder, file), YAML()
document = yaml.load(path.read_text())
document["spec"]["template"]["metadata"]["labels"]["version"] = version
with path.open("w") as stream:
    yaml.dump(document, stream)
repo.index.add([file])
repo.index.commit("release")
repo.remotes.origin.push("main").raise_if_error()
"""


def run(*command: str, cwd: Path | None = None, **variables: str) -> str:
    """Run to success, as nobody in particular."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment = {**inherited, **PERSON, **NOBODY, **variables}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def ours(url: str, work: Path, version: str) -> None:
    """`meshroll plan` and `meshroll apply`, two commands as a person gives them."""
    meshroll = [sys.executable, "-c", "import sys; from meshroll.cli import main; sys.exit(main())"]
    cache, plan = str(work / "cache"), str(work / "plan.json")
    where = ["--repository", url, "--branch", "main", "--path", PATH]
    run(*meshroll, "plan", *where, "--set", f"{SERVICE}={version}", "--out", plan, cwd=CHECKOUT, XDG_CACHE_HOME=cache)
    run(*meshroll, "apply", plan, "--repository", url, cwd=CHECKOUT, XDG_CACHE_HOME=cache)


def sed(url: str, work: Path, version: str) -> None:
    """(a): `git clone --depth 1`, sed, commit, push."""
    clone = work / "clone"
    run("git", "clone", "--quiet", "--depth", "1", url, str(clone))
    run("sed", "-i", f"s/  version: .*#/  version: {version}  #/", FILE, cwd=clone)
    run("git", "commit", "--quiet", "-am", "release", cwd=clone)
    run("git", "push", "--quiet", "origin", "HEAD:main", cwd=clone)


def gitpython(url: str, work: Path, version: str) -> None:
    """(b): GitPython's clone (shallow too), a round trip through ruamel.yaml, commit, push."""
    run(sys.executable, "-c", GITPYTHON, url, str(work / "clone"), FILE, version)


def seconds(way: Callable[[str, Path, str], None], url: str, work: Path, version: str) -> float:
    """How long a way takes in a folder of its own; what the folder holds already stays."""
    work.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(work / "clone", ignore_errors=True)
    began = time.perf_counter()
    way(url, work, version)
    return time.perf_counter() - began
