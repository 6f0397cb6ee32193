"""`meshroll history`, `meshroll rollback` and `meshroll retry`: releases listed, undone, and made again."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from meshroll.cli.options import PATH, REPOSITORY, check_path, errors_worded, target, with_options, wording
from meshroll.errors import BadInputError, ExitCode, worded
from meshroll.text import as_json, one_line

if TYPE_CHECKING:
    from meshroll.gitops.history import Event
    from meshroll.gitops.plans import Plan

SHORT = 12
_FIELD = click.option("--field", "fields", metavar="FIELD", multiple=True, help="A place of the version: see `plan`.")


@click.command("history")
@click.argument("service", required=False)
@with_options(*REPOSITORY)
@click.option("-n", "--limit", type=click.IntRange(min=0), default=20, show_default=True, help="So many; 0: all.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def history_command(
    service: str | None, stack: str | None, repository: str | None, branch: str | None, limit: int, form: str
) -> None:
    """List releases and undos, newest first: who, when, from, to, commit and plan. Of all services, or of SERVICE."""
    from meshroll.release.undoing import newest_events

    with errors_worded(stack):
        events = newest_events(target(stack, repository, branch, None), service, limit)
    if form == "json":
        click.echo(as_json([{**asdict(event), "undo": event.is_undo} for event in events], indent=2))
    elif not events:
        click.echo("there is no release in the history")
    else:
        click.echo("\n".join(_table(events)))


@click.command("rollback")
@click.argument("service")
@with_options(*REPOSITORY, PATH)
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

    What was undone is not released again by `pulumi up`, only by `meshroll retry`.
    """
    from meshroll.release.undoing import apply_undo, plan_undo

    with errors_worded(stack):
        at = target(stack, repository, branch, path)
        check_path(service, stack, path)
        planned = plan_undo(at, service, to=to, over_newer=over_newer, reason=reason)
    if not planned.plan.edits:
        click.echo(one_line(worded(planned.note, wording(stack))))
        return ExitCode.DONE
    _show(planned.plan)
    if not yes:
        if not sys.stdin.isatty():
            raise BadInputError("nobody can be asked", expected="--yes to undo it")
        if not click.confirm("Undo it?"):
            click.echo("nothing was changed")
            return ExitCode.RETRY
    with errors_worded(stack):
        applied = apply_undo(at, planned)
    _report(planned.plan, applied.commit, made=applied.made)
    if stack is not None:
        click.echo(f"`meshroll set --from-git {service} -s {stack}` brings the stack file in line")
    return ExitCode.DONE


@click.command("retry")
@click.argument("service")
@click.argument("version")
@with_options(*REPOSITORY, PATH, _FIELD)
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
    from meshroll.release.undoing import apply_retry, plan_retry

    with errors_worded(stack):
        at = target(stack, repository, branch, path, fields)
        check_path(service, stack, path)
        plan = plan_retry(at, service, version, wave)
    if not plan.edits:
        click.echo(one_line(f"nothing to do: Git holds {version} of {service}"))
        return
    _show(plan)
    with errors_worded(stack):
        applied = apply_retry(at, plan)
    _report(plan, applied.commit, made=applied.made)


def _show(plan: Plan) -> None:
    from meshroll.gitops.plans import as_text

    click.echo(as_text(plan, color=sys.stdout.isatty()), nl=False, color=True)


def _report(plan: Plan, commit: str, *, made: bool) -> None:
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
    return [
        one_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()) for row in rows
    ]
