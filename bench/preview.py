"""`pulumi preview` of a stack of many services under the real Pulumi CLI: all of them new, and without a change.

The program reads the stack and renders it, and makes its Release alone: no cluster is asked, no Application made.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.costs import Cost, cost
from bench.stacks import STACK, write_stack_with_file
from bench.ways import CHECKOUT
from meshroll.sandbox.build import parts
from meshroll.sandbox.pulumi import install
from meshroll.sandbox.state.home import parts_cache

PROGRAM = """
from pathlib import Path

import pulumi

from meshroll.components.plugin import check_configuration, start_plugin


async def main():
    start_plugin()
    from meshroll.components.release import Release, release_inputs
    from meshroll.release.applied import application_needs
    from meshroll.release.stack import release_groups
    from meshroll.settings import pulumi_config

    check_configuration()
    stack = pulumi_config.load(Path.cwd())
    application_needs(stack)
    for name, clusters in release_groups(stack).items():
        inputs = release_inputs(stack, clusters)
        Release(name, {key: inputs[key] for key in inputs if key not in ("argocd", "workers")})


pulumi.run(main)
"""


def measure(folder: Path, url: str, services: int, checkout: Path = CHECKOUT) -> dict[str, Cost]:
    """Preview a new Release, make it, and preview it again; nothing where Pulumi is not built."""
    programs = parts.programs(parts_cache())
    if not all(programs[name].exists() for name in ("pulumi", "pulumi-resource-kubernetes")):
        return {}
    project = folder / "project"
    write_stack_with_file(project, url, services)
    provider = {"name": "meshroll", "path": str(checkout / "meshroll" / "provider")}
    settings = {"name": "bench", "runtime": "python", "stackConfigDir": "stacks", "plugins": {"providers": [provider]}}
    (project / "Pulumi.yaml").write_text(json.dumps(settings))
    (project / "__main__.py").write_text(PROGRAM)
    environ = install(folder / "home", Path(sys.executable), programs["pulumi-resource-kubernetes"])
    environ |= {"XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": str(checkout)}

    def pulumi(*arguments: str) -> Cost:
        return cost([str(programs["pulumi"]), *arguments, "--non-interactive"], project, **environ)

    pulumi("stack", "init", STACK)
    costs = {"preview, all new": pulumi("preview")}
    pulumi("up", "--yes", "--skip-preview")
    return {**costs, "preview, nothing to do": pulumi("preview", "--expect-no-changes")}
