"""`meshroll plan` and `meshroll apply`: what a release would change in Git, and making it so."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshroll.cli.options import PATH, REPOSITORY, check_repository, errors_worded, requested_versions, with_options
from meshroll.errors import BadInputError, ExitCode
from meshroll.files import replace

if TYPE_CHECKING:  # importing them is left to the command that runs
    from meshroll.gitops.plans import Plan
    from meshroll.settings import Stack


@click.command("plan")
@with_options(*REPOSITORY, PATH)
@click.option("--field", "fields", metavar="FIELD", multiple=True, help="A place of the version, see above.")
@click.option("--set", "versions", metavar="SERVICE=VERSION", multiple=True, help="A version to release.")
@click.option("--wave", metavar="N", type=int, help="Only the clusters of this wave of the stack.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the plan for `meshroll apply`.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="Printed.",
)
@click.option("--exact", is_flag=True, help="Refuse to apply when a touched file moved at all.")
@click.option("--exit-code", is_flag=True, help="Exit with 3 for something to do, or held back.")
@click.option("--verbose", is_flag=True, help="Print all of a plan of many services, not counts and the first few.")
def plan_command(
    stack: str | None,
    repository: str | None,
    branch: str | None,
    path: str | None,
    fields: tuple[str, ...],
    versions: tuple[str, ...],
    wave: int | None,
    out: Path | None,
    form: str,
    exact: bool,
    exit_code: bool,
    verbose: bool,
) -> int:
    """Show what releasing versions would change in Git; nothing is changed.

    Without --set, the versions of the stack file are released.

    A FIELD is label:NAME, image[:CONTAINER|:KIND/NAME], kustomize:NAME, helm:FILE#PATH or path:FILE#POINTER, and may
    end in =PATTERN, as in "image={version}-alpine". All fields change in one commit or none. Without any: the pod
    label version, else the image of the service's container, where its kustomization sets it last.

    The repository's credentials are the stack's; with --repository those of MESHROLL_REPOSITORY_USERNAME,
    _PASSWORD or _PASSWORD_FILE, _SSH_KEY, _KNOWN_HOSTS and _CA_FILE, or of Git itself.
    """
    requested = requested_versions(versions)
    check_repository(stack, repository, branch is not None, path is not None, *fields)
    with errors_worded(stack):
        if stack is not None:
            plan = _stack_plan(stack, requested, wave, exact=exact)
        else:
            plan = _repository_plan(repository or "", branch, path, fields, requested, wave, exact=exact)
    if out is not None:
        _write(out, _as_json(plan))
    click.echo(_printed(plan, form, verbose=verbose, whole=wave is None), nl=False, color=True)
    return ExitCode.CHANGES if exit_code and (plan.edits or plan.held) else ExitCode.DONE


@click.command("apply")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--repository", metavar="URL", help="The repository that the plan must be for, where it has no stack.")
@click.option("--exact", is_flag=True, help="Refuse when a touched file moved at all since the plan was made.")
@click.option("--verbose", is_flag=True, help="Name every change, not the first few.")
def apply_command(file: Path, repository: str | None, exact: bool, verbose: bool) -> None:
    """Commit and push the plan in FILE, which `meshroll plan --out FILE` wrote.

    The push succeeds only on the commit that the edits were computed for; when others push meanwhile, they are
    computed anew as long as the addressed values are as planned.

    All that the file says is made again from its edits and compared first. A plan without a stack needs --repository:
    nothing goes where the plan alone says. With MESHROLL_PLAN the plan must be the one of that hash.
    """
    from meshroll.gitops.plans import read_plan
    from meshroll.release.applying import apply_agreed

    plan = read_plan(file)
    with errors_worded(plan.stack):
        stack = _stack(plan.stack) if plan.stack else None
        applied = apply_agreed(plan, stack, str(file), repository=repository, environ=os.environ, exact=exact)
    if applied.made:
        changes = plan.every_change if verbose else plan.summary
        click.echo(f"committed {applied.commit} to {plan.branch}: {changes}")
    else:
        click.echo(f"nothing to do: {plan.branch} holds what is planned ({applied.commit or 'no commit'})")


def _stack(name: str) -> Stack:
    from meshroll.cli.project import load_stack

    return load_stack(name)


def _stack_plan(name: str, versions: Mapping[str, str], wave: int | None, *, exact: bool) -> Plan:
    from meshroll.cli.project import project_folder
    from meshroll.provider import RELEASE
    from meshroll.release.requests import plan_stack
    from meshroll.release.state import PulumiState

    state = PulumiState(name, project_folder(Path.cwd()), RELEASE)
    return plan_stack(_stack(name), state, versions, wave=wave, exact=exact)


def _repository_plan(
    url: str,
    branch: str | None,
    path: str | None,
    fields: tuple[str, ...],
    versions: Mapping[str, str],
    wave: int | None,
    *,
    exact: bool,
) -> Plan:
    from meshroll.release.access import given_remote
    from meshroll.release.unlisted import plan_repository

    if wave is not None:
        raise BadInputError("only a stack has waves", where="--wave", expected="-s STACK")
    if path is None or not versions:
        raise BadInputError("what is to be released? pass --path PATH and --set SERVICE=VERSION")
    return plan_repository(given_remote(url, branch, os.environ), path, fields, versions, exact=exact)


def _printed(plan: Plan, form: str, *, verbose: bool, whole: bool) -> str:
    from meshroll.gitops.plans import as_markdown, as_text
    from meshroll.release.agreed import VARIABLE

    if form == "json":
        return _as_json(plan)
    if form == "markdown":
        return as_markdown(plan)
    colorful = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    text = as_text(plan, color=colorful, verbose=verbose, more="`--verbose` shows all of them with the diff")
    if whole and plan.releases and plan.edits:  # `pulumi up` takes all waves: the hashes of one would refuse the others
        text += f"to hold `pulumi up` to it: {VARIABLE}={','.join(dict.fromkeys(plan.releases.values()))}\n"
    return text


def _as_json(plan: Plan) -> str:
    from meshroll.gitops.plans import to_json

    return to_json(plan)


def _write(path: Path, text: str) -> None:
    try:
        replace(path, text)
    except OSError as error:
        raise BadInputError(
            f"it cannot be written ({error.strerror})", where=str(path), expected="another --out"
        ) from None
