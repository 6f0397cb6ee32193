"""`meshroll history`, `meshroll rollback` and `meshroll retry`: releases looked back on, undone, and made again."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import reduce
from typing import TYPE_CHECKING, Any

import click

from meshroll.errors import BadInputError, ExitCode

if TYPE_CHECKING:
    from meshroll.gitops.history import Event
    from meshroll.gitops.plans import Plan

SHORT = 12
Command = Callable[..., Any]

_REPOSITORY = (
    click.option("-s", "--stack", metavar="STACK", help="The stack: stacks/Pulumi.STACK.yaml."),
    click.option("--repository", metavar="URL", help="An adopted repository, instead of --stack."),
    click.option("--branch", metavar="BRANCH", help="Its branch.  [default: main]"),
)
_PATH = click.option("--path", metavar="PATH", help="A folder or file in it; may hold {cluster} and {service}.")
_FIELD = click.option("--field", "fields", metavar="FIELD", multiple=True, help="A place of the version: see `plan`.")


def _options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    return lambda command: reduce(lambda decorated, option: option(decorated), reversed(options), command)


@click.command("history")
@click.argument("service", required=False)
@_options(*_REPOSITORY)
@click.option("-n", "--limit", type=click.IntRange(min=0), default=20, show_default=True, help="So many; 0: all.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def history_command(
    service: str | None, stack: str | None, repository: str | None, branch: str | None, limit: int, form: str
) -> None:
    """List releases and undos, newest first: who, when, from, to, commit and plan. Of all services, or of SERVICE."""
    from meshroll.cli.options import said_without
    from meshroll.cli.undoing import history, place

    with said_without(stack):
        events = history(place(stack, repository, branch, None, ()), service, limit)
    if form == "json":
        click.echo(json.dumps([{**asdict(event), "undo": event.is_undo} for event in events], indent=2))
    elif not events:
        click.echo("there is no release in the history")
    else:
        click.echo("\n".join(_table(events)))


@click.command("rollback")
@click.argument("service")
@_options(*_REPOSITORY, _PATH)
@click.option("--to", metavar="COMMIT|VERSION", default="", help="Back to what a commit left or a version; -: none.")
@click.option("--over-newer", is_flag=True, help="Undo newer releases and changes on top of it too.")
@click.option("--reason", metavar="TEXT", default="", help="Why: it stays in the commit.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def rollback_command(
    service: str,
    stack: str | None,
    repository: str | None,
    branch: str | None,
    path: str | None,
    to: str,
    over_newer: bool,
    reason: str,
    yes: bool,
) -> int:
    """Return SERVICE to what it was before its newest release, by a new commit; other values stay as they are.

    What was undone is not released again by `pulumi up` until `meshroll retry` says so.
    """
    from meshroll.cli.options import said_without
    from meshroll.cli.undoing import place, rollback, undo

    with said_without(stack):
        at = place(stack, repository, branch, path, ())
        planned = rollback(at, service, to, over_newer=over_newer, reason=reason)
    if not planned.plan.edits:
        click.echo(planned.note)
        return ExitCode.DONE
    _show(planned.plan)
    if not yes:
        if not sys.stdin.isatty():
            raise BadInputError("nobody can be asked", expected="--yes to undo it")
        if not click.confirm("Undo it?"):
            click.echo("nothing was changed")
            return ExitCode.RETRY
    with said_without(stack):
        applied = undo(at, planned)
    _tell(planned.plan, applied.commit, made=applied.made)
    if stack is not None:
        click.echo(f"`meshroll set --from-git {service} -s {stack}` brings the stack file in line")
    return ExitCode.DONE


@click.command("retry")
@click.argument("service")
@click.argument("version")
@_options(*_REPOSITORY, _PATH, _FIELD)
@click.option("--wave", metavar="N", type=int, help="Only in the clusters of this wave of the stack.")
def retry_command(
    service: str,
    version: str,
    stack: str | None,
    repository: str | None,
    branch: str | None,
    path: str | None,
    fields: tuple[str, ...],
    wave: int | None,
) -> None:
    """Release the VERSION of SERVICE again that was undone."""
    from meshroll.cli.options import said_without
    from meshroll.cli.undoing import place, release, retry

    with said_without(stack):
        at = place(stack, repository, branch, path, fields)
        plan = retry(at, service, version, wave)
    if not plan.edits:
        click.echo(f"nothing to do: Git holds {version} of {service}")
        return
    _show(plan)
    with said_without(stack):
        applied = release(at, plan)
    _tell(plan, applied.commit, made=applied.made)


def _show(plan: Plan) -> None:
    from meshroll.gitops.plans import as_text

    click.echo(as_text(plan, color=sys.stdout.isatty()), nl=False, color=True)


def _tell(plan: Plan, commit: str, *, made: bool) -> None:
    click.echo(
        f"committed {commit} to {plan.branch}: {plan.summary}" if made else f"nothing to do: {plan.branch} holds it"
    )


def _table(events: tuple[Event, ...]) -> list[str]:
    rows = [
        (
            event.day,
            "undo" if event.is_undo else "release" if event.old != event.new else "change",
            event.service,
            f"{event.old or '-'} -> {event.new or '-'}" if event.old != event.new else event.new or "-",
            event.path,
            event.author,
            event.commit[:SHORT],
            f"plan {event.plan[:SHORT]}" if event.plan else "",
            event.reason,
        )
        for event in events
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
