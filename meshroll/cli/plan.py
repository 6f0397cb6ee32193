"""`meshroll plan` and `meshroll apply`: what a release would change in Git, and making it so."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meshroll.errors import BadInputError, ExitCode

if TYPE_CHECKING:
    from meshroll.gitops.plans import Plan


@click.command("plan")
@click.option("-s", "--stack", metavar="STACK", help="The stack: stacks/Pulumi.STACK.yaml.")
@click.option("--repository", metavar="URL", help="An adopted repository, instead of --stack.")
@click.option("--branch", metavar="BRANCH", help="Its branch.  [default: main]")
@click.option("--path", metavar="PATH", help="A folder or file in it; may hold {cluster} and {service}.")
@click.option("--field", "fields", metavar="FIELD", multiple=True, help="A place of the version, see above.")
@click.option("--set", "wishes", metavar="SERVICE=VERSION", multiple=True, help="A version to release.")
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
    wishes: tuple[str, ...],
    wave: int | None,
    out: Path | None,
    form: str,
    exact: bool,
    exit_code: bool,
    verbose: bool,
) -> int:
    """Show what releasing versions would change in Git; nothing is changed.

    Without --set, the versions of the stack file are wished.

    A FIELD is label:NAME, image[:CONTAINER], kustomize:NAME, helm:FILE#PATH or path:FILE#POINTER, and may end
    in =PATTERN, as in "image={version}-alpine". All fields change in one commit or none. Without any: the pod
    label version, else the service's kustomization image, else the image of its container.

    The repository's credentials are the stack's; with --repository those of MESHROLL_REPOSITORY_USERNAME,
    _PASSWORD or _PASSWORD_FILE, _SSH_KEY, _KNOWN_HOSTS and _CA_FILE, or of Git itself.
    """
    from meshroll.cli.options import said_without
    from meshroll.cli.planning import given_plan, stack_plan, wished
    from meshroll.gitops.plans import HELD

    versions = wished(wishes)
    if (stack is None) == (repository is None):
        raise BadInputError("which repository?", expected="either -s STACK or --repository URL")
    if stack is not None:
        if branch is not None or path is not None or fields:
            raise BadInputError("the stack says where and what", expected="no --branch, --path and --field with -s")
        plan, releases = stack_plan(stack, versions, wave=wave, exact=exact)
    else:
        if wave is not None:
            raise BadInputError("only a stack has waves", where="--wave", expected="-s STACK")
        if path is None or not versions:
            raise BadInputError("what is to be released?", expected="--path PATH and --set SERVICE=VERSION")
        with said_without(stack):
            plan = given_plan(repository or "", branch, path, fields, versions, exact=exact)
        releases = {}
    if out is not None:
        _write(out, _as_json(plan, releases))
    if wave is not None:
        releases = {}  # `pulumi up` takes all waves: the hashes of one would refuse the others
    click.echo(_printed(plan, releases, form, verbose=verbose), nl=False, color=True)
    waits = any(finding.kind in HELD for finding in plan.findings)
    return ExitCode.CHANGES if exit_code and (plan.edits or waits) else ExitCode.DONE


@click.command("apply")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--repository", metavar="URL", help="Whose plan it must be, where no stack says so.")
@click.option("--exact", is_flag=True, help="Refuse when a touched file moved at all since the plan was made.")
@click.option("--verbose", is_flag=True, help="Name every change, not the first few.")
def apply_command(file: Path, repository: str | None, exact: bool, verbose: bool) -> None:
    """Commit and push the plan in FILE, which `meshroll plan --out FILE` wrote.

    The push succeeds only on the commit that the edits were computed for; when others push meanwhile, they are
    computed anew as long as the addressed values are as planned.

    With MESHROLL_REPOSITORY_* credentials a plan without a stack needs --repository: they go nowhere that the plan
    alone names.
    """
    from dataclasses import replace

    from meshroll.cli.options import said_without
    from meshroll.cli.planning import apply_document
    from meshroll.gitops.plans import read_plan

    plan = read_plan(file)
    with said_without(plan.stack):
        applied = apply_document(replace(plan, exact=True) if exact else plan, str(file), repository)
    if applied.made:
        told = plan.every_change if verbose else plan.summary
        click.echo(f"committed {applied.commit} to {plan.branch}: {told}")
    else:
        click.echo(f"nothing to do: {plan.branch} holds what is planned ({applied.commit or 'no commit'})")


def _printed(plan: Plan, releases: dict[str, str], form: str, *, verbose: bool) -> str:
    from meshroll.gitops.plans import as_markdown, as_text

    if form == "json":
        return _as_json(plan, releases)
    if form == "markdown":
        return as_markdown(plan)
    colorful = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return as_text(plan, color=colorful, hold=tuple(releases.values()), verbose=verbose)


def _as_json(plan: Plan, releases: dict[str, str]) -> str:
    from meshroll.gitops.plans import to_json

    return to_json(plan, releases)


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise BadInputError(
            f"it cannot be written ({error.strerror})", where=str(path), expected="another --out"
        ) from None
