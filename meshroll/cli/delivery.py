"""`meshroll promote`: a person's word to a delivery that waits for one."""

from __future__ import annotations

import click

from meshroll.errors import BadInputError, ConflictError, MeshrollError


@click.command("promote")
@click.argument("service")
@click.option("-s", "--stack", metavar="STACK", required=True, help="The stack: stacks/Pulumi.STACK.yaml.")
@click.option("--full", is_flag=True, help="Skip all remaining steps.")
@click.option("--cluster", metavar="CLUSTER", help="Only in this work cluster.")
def promote_command(service: str, stack: str, full: bool, cluster: str | None) -> None:
    """Continue the paused delivery of SERVICE by one step, or in full."""
    from meshroll.cli.project import load_stack
    from meshroll.delivery.operate import promote
    from meshroll.delivery.preflight import check_cluster
    from meshroll.kube import Kube

    settings = load_stack(stack)
    where = f"stack {stack}"
    names = [known.name for known in settings.services]
    if service not in names:
        raise BadInputError(f"there is no service {service}", where=where, expected=f"one of {', '.join(names)}")
    if cluster is not None and cluster not in settings.workers:
        expected = f"one of {', '.join(settings.workers)}"
        raise BadInputError(f"there is no work cluster {cluster}", where=where, expected=expected)
    done: list[str] = []
    for name in [cluster] if cluster else settings.workers:
        at = settings.clusters[name]
        try:
            worker = Kube.connect(at.kubeconfig, at.context, at.name)
            if at.uid:
                check_cluster(at, worker, ())
            click.echo(promote(worker, settings.delivery.namespace, service, full))
        except MeshrollError as error:
            if not done:
                raise
            # The same call again would promote the others once more.
            raise ConflictError(
                f"{error}; {service} is promoted in {', '.join(done)} already",
                expected=f"`--cluster {name}`, and each cluster after it, once this is mended",
            ) from None
        done.append(name)
