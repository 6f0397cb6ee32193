"""`meshroll promote`: a person lets a delivery go on that waits for one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from meshroll.errors import BadInputError

if TYPE_CHECKING:  # importing them is left to the command that runs
    from meshroll.kube import Kube
    from meshroll.settings.model import Cluster


@click.command("promote")
@click.argument("service")
@click.option("-s", "--stack", metavar="STACK", required=True, help="The stack: stacks/Pulumi.STACK.yaml.")
@click.option("--full", is_flag=True, help="Skip all remaining steps.")
@click.option(
    "--step", type=click.IntRange(min=1), metavar="N", help="Only from step N, as in `is paused at step 2 of 4`."
)
@click.option("--cluster", metavar="CLUSTER", help="Only in this work cluster.")
def promote_command(service: str, stack: str, full: bool, step: int | None, cluster: str | None) -> None:
    """Continue the paused delivery of SERVICE by one step, or in full."""
    from meshroll.cli.project import load_stack
    from meshroll.delivery.operate import PromotionRequest
    from meshroll.delivery.turns import promote_in_turn

    settings = load_stack(stack)
    where = f"stack {stack}"
    names = [known.name for known in settings.services]
    if service not in names:
        raise BadInputError(f"there is no service {service}", where=where, expected=f"one of {', '.join(names)}")
    if cluster is not None and cluster not in settings.workers:
        expected = f"one of {', '.join(settings.workers)}"
        raise BadInputError(f"there is no work cluster {cluster}", where=where, expected=expected)
    clusters = [cluster] if cluster else settings.workers
    promote_in_turn(
        settings, clusters, service, PromotionRequest(full, step), _connect, click.echo, partial(click.echo, err=True)
    )


def _connect(at: Cluster) -> Kube:
    from meshroll.delivery.preflight import check_cluster
    from meshroll.kube import Kube

    found = Kube.connect(at.kubeconfig, at.context, at.name)
    if at.uid:
        check_cluster(at, found, ())
    return found
