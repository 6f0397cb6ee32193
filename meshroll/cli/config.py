"""`meshroll config` and `meshroll set`: reading a stack's settings, and the one edit of its file."""

from __future__ import annotations

from pathlib import Path

import click

from meshroll.errors import BadInputError
from meshroll.text import as_json, one_line

WIDEST_VALUE = 48  # a longer one pushes its own origin aside, not everybody's


@click.command("config")
@click.option("-s", "--stack", metavar="STACK", help="The stack: stacks/Pulumi.STACK.yaml.")
@click.option("--file", "path", type=click.Path(path_type=Path), help="A stack file, instead of --stack.")
@click.option("--cluster", metavar="CLUSTER", help="Only what concerns this work cluster.")
def config_command(stack: str | None, path: Path | None, cluster: str | None) -> None:
    """Print the effective settings of a stack, each with where it came from."""
    from meshroll.settings import explain

    values = explain(_path(stack, path), cluster)
    rows = [(item.pointer, as_json(item.value), item.origin) for item in values]
    first = max(len(pointer) for pointer, _, _ in rows)
    second = max((len(value) for _, value, _ in rows if len(value) <= WIDEST_VALUE), default=0)
    for pointer, value, origin in rows:
        click.echo(one_line(f"{pointer:<{first}}  {value:<{second}}  {origin}"))


@click.command("set")
@click.argument("service")
@click.argument("version", required=False)
@click.option("--from-git", is_flag=True, help="Take the version that is in Git, whoever put it there.")
@click.option("-s", "--stack", metavar="STACK", help="The stack: stacks/Pulumi.STACK.yaml.")
@click.option("--file", "path", type=click.Path(path_type=Path), help="A stack file, instead of --stack.")
def set_command(service: str, version: str | None, from_git: bool, stack: str | None, path: Path | None) -> None:
    """Set the VERSION that SERVICE should have: one edit of the stack file, or of the file of its services."""
    from meshroll.settings import set_version
    from meshroll.settings.document import shown

    if (version is None) != from_git:
        raise BadInputError("which version? pass VERSION or --from-git")
    target = _path(stack, path)
    if version is None:
        from meshroll.release.undoing import version_in_git
        from meshroll.settings import load_file

        version = version_in_git(load_file(target), service)
    old, new, file = set_version(target, service, version)
    if old == new:
        click.echo(one_line(f"{service} has {new} already ({shown(file)})"))
    else:
        click.echo(one_line(f"{service}: {old} -> {new} ({shown(file)})"))


def _path(stack: str | None, path: Path | None) -> Path:
    from meshroll.cli.project import project_folder
    from meshroll.settings import stack_file

    if (stack is None) == (path is None):
        raise BadInputError("which stack? pass -s STACK or --file FILE")
    return path if path is not None else stack_file(stack or "", project_folder(Path.cwd()))
