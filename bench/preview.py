"""`pulumi preview` of one Release of many services under the real Pulumi CLI: without a change, and all of them new."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.costs import Cost, cost
from bench.ways import CHECKOUT
from meshroll.sandbox.build import parts
from meshroll.sandbox.pulumi import install
from meshroll.sandbox.state.home import parts_cache

PROGRAM = """
import json
from pathlib import Path

import pulumi


class Release(pulumi.CustomResource):
    def __init__(self, name, inputs):
        super().__init__("meshroll:index:Release", name, {**inputs, "commit": None, "versions": None})


Release("shop", json.loads(Path("inputs.json").read_text()))
"""


def measure(folder: Path, url: str, services: int, checkout: Path = CHECKOUT) -> dict[str, Cost]:
    """Preview a new Release, make it, and preview it again; nothing where Pulumi is not built."""
    programs = parts.programs(parts_cache())
    if not all(programs[name].exists() for name in ("pulumi", "pulumi-resource-kubernetes")):
        return {}
    project = folder / "release"
    project.mkdir(parents=True)
    provider = {"name": "meshroll", "path": str(checkout / "meshroll" / "provider")}
    (project / "Pulumi.yaml").write_text(
        json.dumps({"name": "bench", "runtime": "python", "plugins": {"providers": [provider]}})
    )
    (project / "__main__.py").write_text(PROGRAM)
    (project / "inputs.json").write_text(json.dumps(inputs(url, services)))
    environ = install(folder / "home", Path(sys.executable), programs["pulumi-resource-kubernetes"])
    environ |= {"XDG_CACHE_HOME": str(folder / "cache")}

    def pulumi(*arguments: str) -> Cost:
        return cost([str(programs["pulumi"]), *arguments, "--non-interactive"], project, **environ)

    pulumi("stack", "init", "dev")
    costs = {"preview, all new": pulumi("preview")}
    pulumi("up", "--yes", "--skip-preview")
    return {**costs, "preview, nothing to do": pulumi("preview", "--expect-no-changes")}


def inputs(url: str, services: int) -> dict[str, object]:
    """The properties of the Release, which waits for nothing but its commit."""
    parameters = {"image": "registry.example.com/shop/service:1", "port": 8080, "replicas": 2}
    by_header = {**parameters, "header": {"name": "lane", "value": "new"}}
    return {
        "stack": "dev",
        "repository": {"url": url, "branch": "main"},
        "path": "release",
        "namespace": "shop",
        "services": [
            {
                "name": f"service-{number:04d}",
                "version": "v1",
                "template": "weight" if number % 3 else "header",
                "parameters": parameters if number % 3 else by_header,
            }
            for number in range(services)
        ],
        "wait": "committed",
    }
