"""The Pulumi program: the stack's settings, a look at the clusters, the components, the outputs."""

from __future__ import annotations

from pathlib import Path

import pulumi

from components.stack import build
from meshroll.delivery import preflight
from meshroll.errors import MeshrollError
from meshroll.settings import pulumi_config


def main() -> None:
    """Make the stack that Pulumi selected. Every error of ours ends as one sentence."""
    try:
        stack = pulumi_config.load(Path.cwd())
        preflight.check(stack)
        outputs = build(stack)
    except MeshrollError as error:
        raise pulumi.RunError(str(error)) from None
    for output, value in outputs.items():
        pulumi.export(output, value)


main()
