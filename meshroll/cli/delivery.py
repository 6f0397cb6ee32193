"""`meshroll promote`: a person continues a delivery that is paused."""

from __future__ import annotations

from functools import partial

import click


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
    from meshroll.delivery.clusters import connect
    from meshroll.delivery.operate import PromotionRequest
    from meshroll.delivery.turns import promote_in_turn
    from meshroll.release.selection import chosen_clusters, find_service

    settings = load_stack(stack)
    find_service(settings, service)
    clusters, request = chosen_clusters(settings, cluster), PromotionRequest(full, step)
    promote_in_turn(settings, clusters, service, request, connect, click.echo, partial(click.echo, err=True))
