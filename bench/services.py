"""A stack of many rendered services: what each command costs, with `kustomize build` of the same objects beside it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from bench import preview
from bench.costs import Cost, cost
from bench.stacks import STACK, write_stack
from bench.ways import CHECKOUT, run

KUSTOMIZE = "sigs.k8s.io/kustomize/kustomize/v5@v5.8.1"
PEER = "kustomize build"
PEER_MOST = 1000  # services: its cost grows with the square of what it renders


def measure(folder: Path, services: int, clusters: int, checkout: Path = CHECKOUT) -> dict[str, Cost]:
    """Each command once, in the order in which a person would call them, on a new repository."""
    folder.mkdir(parents=True, exist_ok=True)
    repository, project = folder / "rollouts.git", folder / "project"
    run("git", "init", "--quiet", "--bare", "--initial-branch=main", str(repository))
    write_stack(project, f"file://{repository}", services, clusters)
    cache = {"XDG_CACHE_HOME": str(folder / "cache")}

    def meshroll(*arguments: str) -> Cost:
        program = [sys.executable, "-c", "import sys; from meshroll.cli import main; sys.exit(main())", *arguments]
        return cost(program, project, PYTHONPATH=str(checkout), **cache)

    costs = {
        "config": meshroll("config", "-s", STACK),
        "plan, all new": meshroll("plan", "-s", STACK, "--out", "plan.json"),
        "apply": meshroll("apply", "plan.json"),
        "plan, nothing to do": meshroll("plan", "-s", STACK),
        "plan --set one=v2": meshroll("plan", "-s", STACK, "--set", "service-0000=v2"),
    }
    if clusters == 1:
        costs |= preview.measure(folder / "pulumi", f"file://{repository}", services, checkout)
    if services * clusters <= PEER_MOST:
        run("git", "clone", "--quiet", str(repository), str(folder / "clone"))
        write_kustomization(folder / "clone")
        costs[PEER] = cost([str(kustomize()), "build", "."], folder / "clone")
    shutil.rmtree(folder)
    return costs


def table(folder: Path, sizes: list[tuple[int, int]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows: a row for each number of services and clusters, in seconds of processor time."""
    rows: list[tuple[str, ...]] = []
    head: tuple[str, ...] = ("services", "clusters")
    for services, clusters in sizes:
        costs = measure(folder / f"{services}-{clusters}", services, clusters)
        names = dict.fromkeys((*head[2:], *costs))
        head = ("services", "clusters", *(name for name in names if name != PEER), PEER)
        cells = (f"{costs[name].seconds:.2f}" if name in costs else "" for name in head[2:])
        rows.append((str(services), str(clusters), *cells))
        print(" ".join(rows[-1]), file=sys.stderr, flush=True)
    return head, rows


def write_kustomization(clone: Path) -> None:
    """Every manifest of the repository under one kustomization for each cluster, and one above them."""
    clusters = sorted((clone / "clusters").iterdir())
    for cluster in clusters:
        files = sorted(str(file.relative_to(cluster)) for file in cluster.rglob("*.yaml"))
        (cluster / "kustomization.yaml").write_text("resources:\n" + "".join(f"- {file}\n" for file in files))
    for cluster in clusters:  # the same objects for each: a prefix keeps them apart
        with (cluster / "kustomization.yaml").open("a") as stream:
            stream.write(f"namePrefix: {cluster.name}-\n")
    resources = "".join(f"- clusters/{cluster.name}\n" for cluster in clusters)
    (clone / "kustomization.yaml").write_text(f"resources:\n{resources}")


def kustomize() -> Path:
    """The peer, built once from its Go module into the cache."""
    version = re.sub("[^a-z0-9.]+", "-", KUSTOMIZE)
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "meshroll-bench" / version
    if not (folder / "kustomize").is_file():
        subprocess.run(["go", "install", KUSTOMIZE], env={**os.environ, "GOBIN": str(folder)}, check=True)
    return folder / "kustomize"
