"""The Pulumi program: the stack's settings, a look at the clusters, the components, the outputs."""

from __future__ import annotations

from pathlib import Path

import pulumi

from meshroll.components.plugin import check_configuration, start_plugin
from meshroll.errors import MeshrollError


async def main() -> pulumi.Inputs:
    """Make the stack that Pulumi selected, and answer its outputs. Every error of ours ends as one sentence."""
    start_plugin()
    # Loaded while the plug-in loads.
    from meshroll.components.outputs import keep_outputs
    from meshroll.components.stack import build
    from meshroll.delivery import preflight
    from meshroll.settings import pulumi_config

    await keep_outputs()
    try:
        check_configuration()
        stack = pulumi_config.load(Path.cwd())
        preflight.check(stack)
        return build(stack)
    except MeshrollError as error:
        raise pulumi.RunError(str(error)) from None


pulumi.run(main)
