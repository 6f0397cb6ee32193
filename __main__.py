"""The Pulumi program: the stack's settings, a look at the clusters, the components, the outputs."""

from __future__ import annotations

from pathlib import Path

import pulumi

from components.outputs import keep_outputs
from components.stack import build
from meshroll.delivery import preflight
from meshroll.errors import MeshrollError
from meshroll.settings import pulumi_config


async def main() -> pulumi.Inputs:
    """Make the stack that Pulumi selected, and answer its outputs. Every error of ours ends as one sentence."""
    await keep_outputs()
    try:
        stack = pulumi_config.load(Path.cwd())
        preflight.check(stack)
        return build(stack)
    except MeshrollError as error:
        raise pulumi.RunError(str(error)) from None


pulumi.run(main)
