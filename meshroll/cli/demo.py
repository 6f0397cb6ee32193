"""`meshroll demo`: deliver by weight and by header on the sandbox, and measure."""

from __future__ import annotations

from pathlib import Path

import click

from meshroll.cli.progress import clock
from meshroll.errors import ExitCode, MeshrollError


@click.command("demo")
@click.option("--name", default="default", show_default=True, help="The sandbox to use; it is brought up and left up.")
def demo_command(name: str) -> int:
    """Deliver by weight and by header on the sandbox, and count the answers. Exit 0 only if all are as set.

    Writes build/demo/report.json below the current folder.
    """
    from rich.console import Console

    from meshroll.demo.run import run
    from meshroll.sandbox import Sandbox

    try:
        ok = run(Path.cwd(), Sandbox(name), Console(width=None), clock())
    except (MeshrollError, OSError) as error:
        click.echo(f"demo: failed: {error}")
        return int(error.exit_code if isinstance(error, MeshrollError) else ExitCode.RETRY)
    click.echo("demo: ok" if ok else "demo: failed: a sample is not as set, see the table")
    return int(ExitCode.DONE if ok else ExitCode.RETRY)
