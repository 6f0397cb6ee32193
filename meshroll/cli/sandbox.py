"""`meshroll sandbox`: builds, starts, asks and stops a whole hosted mesh on loopback."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshroll.cli.progress import clock
from meshroll.errors import BadInputError, ExitCode

if TYPE_CHECKING:
    from meshroll.sandbox import PartStatus, Sandbox


@click.group("sandbox")
@click.option("--name", default="default", show_default=True, help="Which sandbox; several run side by side.")
@click.pass_context
def sandbox_command(context: click.Context, name: str) -> None:
    """Build, start, feed and stop a whole hosted mesh on loopback."""
    from meshroll.sandbox import Sandbox

    context.obj = Sandbox(name)


@sandbox_command.command()
@click.option("--workers", type=click.IntRange(min=1), help="Work clusters; 1 at first, then as many as there are.")
@click.option(
    "--table",
    "tables",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An own table of stand-ins for images; remembered.",
)
@click.pass_obj
def up(sandbox: Sandbox, workers: int | None, tables: tuple[Path, ...]) -> None:
    """Bring up what is missing and wait until every part is ready. The first time builds the parts."""
    say = clock()
    sandbox.up(workers, workloads=tables, progress=say)
    say(f"sandbox {sandbox.home.name} is up")


@sandbox_command.command()
@click.pass_obj
def build(sandbox: Sandbox) -> None:
    """Build the parts that are not in the cache, and start nothing."""
    sandbox.build_parts(clock())


@sandbox_command.command()
@click.option("--listeners", is_flag=True, help="Who can reach what, and how a caller proves itself, instead.")
@click.pass_obj
def status(sandbox: Sandbox, listeners: bool) -> int:
    """Say what every part does. Exit 1 when one is not ready, with the end of its log."""
    from meshroll.sandbox import PartState

    if listeners:
        _print_listeners(sandbox)
        return int(ExitCode.DONE)
    rows = sandbox.status()
    width = max(len(row.name) for row in rows)
    for row in rows:
        click.echo(_line(row, width))
    lame = [row for row in rows if row.state is not PartState.READY]
    for row in lame:
        if row.log_end:
            click.echo(f"\n{row.name} is {row.state.value}; its log {sandbox.logs(row.name)} ends with:", err=True)
            click.echo("\n".join(f"  {line}" for line in row.log_end), err=True)
    if lame:
        names = ", ".join(row.name for row in lame)
        click.echo(f"\n{len(lame)} of {len(rows)} parts are not ready: {names}", err=True)
    return int(ExitCode.RETRY if lame else ExitCode.DONE)


@sandbox_command.command()
@click.pass_obj
def env(sandbox: Sandbox) -> None:
    """Print, for `eval "$(meshroll sandbox env)"`, what `pulumi` and `meshroll` need. The output holds secrets."""
    for name, value in sandbox.environment().items():
        click.echo(f"export {name}={shlex.quote(value)}")


@sandbox_command.command()
@click.argument("part")
@click.option("-n", "--lines", type=click.IntRange(min=1), help="Only the last lines.")
@click.pass_obj
def logs(sandbox: Sandbox, part: str, lines: int | None) -> None:
    """Print the log of a part."""
    path = sandbox.logs(part)
    if not path.exists():
        raise BadInputError("has no log yet", where=part)
    text = path.read_text(encoding="utf-8", errors="replace")
    sys.stdout.write("".join(text.splitlines(keepends=True)[-lines:]) if lines else text)


@sandbox_command.command()
@click.argument("part")
@click.pass_obj
def stop(sandbox: Sandbox, part: str) -> None:
    """Stop one part."""
    sandbox.stop(part)


@sandbox_command.command()
@click.argument("part")
@click.pass_obj
def start(sandbox: Sandbox, part: str) -> None:
    """Start one part that is stopped or dead."""
    sandbox.start(part, clock())


@sandbox_command.command()
@click.pass_obj
def down(sandbox: Sandbox) -> None:
    """Stop everything. PartState stays for the next `up`."""
    sandbox.down(clock())


@sandbox_command.command()
@click.pass_obj
def clean(sandbox: Sandbox) -> None:
    """Stop everything and forget the sandbox with its rollout repository. Built parts stay."""
    sandbox.clean(clock())


@sandbox_command.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def enter(sandbox: Sandbox, command: tuple[str, ...]) -> None:
    """Run a command, or a shell, in a network of the sandbox's own: other users of this machine do not reach it."""
    sandbox.enter(command or (os.environ.get("SHELL", "/bin/sh"),))


def _print_listeners(sandbox: Sandbox) -> None:
    rows = [("PART", "ADDRESS", "USE", "REACHED BY", "PROOF", "GIVES")]
    for found in sandbox.listeners():
        row = found.exposure
        known = (row.use or "traffic", found.reach, row.proof, row.gives) if row else ("?", found.reach, "?", "?")
        rows.append((found.part, str(found.listener), *known))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for line in rows:
        click.echo("  ".join(f"{text:<{width}}" for text, width in zip(line, widths, strict=True)).rstrip())


def _line(row: PartStatus, width: int) -> str:
    ports = " ".join(f"{word}:{port}" for word, port in row.ports.items())
    return f"{row.name:<{width}}  {row.state.value:<9}  {row.pid or '-':>7}  {ports}".rstrip()
