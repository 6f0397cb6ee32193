"""Stand-in for the hosted mesh's synchronizer: copies Istio resources from a work cluster to the control plane's.

    python -m meshroll.sandbox.synchronizer.program --host-kubeconfig F --host-context host --worker NAME=CONTEXT…
        [--worker-kubeconfig NAME=F]… --namespace mspider-system [--readiness FILE]

It obeys the GlobalMesh objects of one namespace (globalmesh.py): each kind that one of them wants has a link (link.py),
and copies that none wants any more are removed. A resource of the same name that is not its copy is left alone: a line
in the log and an Event on the GlobalMesh say so.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from meshroll.errors import BadInputError
from meshroll.kube import Kube
from meshroll.sandbox.synchronizer import globalmesh
from meshroll.sandbox.synchronizer.copies import ORIGIN, SYNCED_FROM
from meshroll.sandbox.synchronizer.globalmesh import CopyRequest, Resource
from meshroll.sandbox.synchronizer.link import FIELD_MANAGER, Link, Wanted, remove
from meshroll.sandbox.synchronizer.notices import Notices
from meshroll.sandbox.watch.log import write_line
from meshroll.sandbox.watch.reflector import Reflector
from meshroll.sandbox.watch.serving import serve
from meshroll.sandbox.watch.workqueue import WorkQueue

# Kinds that are looked through for copies nobody wants any more, beside those a GlobalMesh names.
_CLEANED = tuple(
    Resource("networking.istio.io", kind, kind.lower() + "s", "v1")
    for kind in ("DestinationRule", "Gateway", "ServiceEntry", "Sidecar", "VirtualService")
)


class Synchronizer:
    """All copying of one control plane. One thread decides and writes; reflectors only tell it what to look at."""

    def __init__(
        self, host: Kube, workers: Mapping[str, Kube], namespace: str, log: Callable[[str], None] = write_line
    ) -> None:
        self._host, self._workers, self._log = host, workers, log
        self._work = WorkQueue("synchronizer", log)
        self._links: dict[Wanted, Link] = {}
        self._kinds = set(_CLEANED)
        self._meshes = Reflector(
            host,
            globalmesh.API_VERSION,
            globalmesh.KIND,
            lambda *_: self._mesh_changed(),
            listed=self._mesh_changed,
            namespace=namespace,
            log=log,
        )
        self._notices = Notices(
            host, lambda mesh: self._meshes.get((namespace, mesh)), log, field_manager=FIELD_MANAGER
        )

    def start(self) -> None:
        """Return when the GlobalMesh objects there are have been read."""
        self._work.start()
        self._meshes.start()
        self._meshes.synced.wait()

    def stop(self) -> None:
        """Copy nothing more; the copies stay."""
        self._meshes.stop()
        self._work.stop()
        for link in list(self._links.values()):
            link.stop()

    def _mesh_changed(self) -> None:
        if self._meshes.synced.is_set():
            self._work.put("links", self._arrange)
            # By itself: a copy that cannot be removed must not keep others from being made.
            self._work.put("unwanted copies", self._clean)

    def _requests(self) -> dict[str, CopyRequest]:
        meshes = [mesh for key in self._meshes.names() if (mesh := self._meshes.get(key)) is not None]
        return {
            mesh["metadata"]["name"]: self._checked(globalmesh.copy_request(mesh))
            for mesh in meshes
            if "deletionTimestamp" not in mesh["metadata"]
        }

    def _checked(self, request: CopyRequest) -> CopyRequest:
        problem = request.problem
        if request.enabled and request.worker not in self._workers:
            problem = f"this synchronizer does not know the cluster {request.worker}"
            request = CopyRequest(request.mesh, request.worker, (), False, request.keep_when_off, problem)
        if problem:
            text = f"{problem}; nothing is copied"
            self._notices.report(("mesh", request.mesh), problem, request.mesh, "SynchronizerMisconfigured", text)
        else:
            self._notices.settle(("mesh", request.mesh))
        return request

    def _arrange(self) -> None:
        """Bring the links in line with the GlobalMesh objects."""
        wanted = _wanted(self._requests())
        for gone in set(self._links) - wanted:
            self._links.pop(gone).stop()
            self._log(f"{gone.mesh}: {gone.resource.kind} of {gone.worker} is no longer copied")
        self._kinds |= {item.resource for item in wanted}
        for new in sorted(wanted - set(self._links), key=lambda item: item.resource):
            link = Link(new, self._workers[new.worker], self._host, self._work, self._notices, self._log)
            self._links[new] = link
            link.start()
            self._log(f"{new.mesh}: copies {new.resource.kind} ({new.resource.api_version}) of {new.worker}")

    def _clean(self) -> None:
        """Remove copies that no GlobalMesh wants any more."""
        requests = self._requests()
        wanted = _wanted(requests)
        names = {(item.group, item.kind): item for item in self._kinds}
        for resource in names.values():
            if not self._host.knows(resource.api_version, resource.kind):
                continue
            # Copies of a worker that is not wanted any more are left to the new worker's link, which knows both sides.
            linked = {item.mesh for item in wanted if item.resource.kind == resource.kind}
            for obj in self._host.list(resource.api_version, resource.kind):
                labels = obj["metadata"].get("labels") or {}
                mesh = labels.get(SYNCED_FROM)
                if not mesh or ORIGIN not in labels or mesh in linked:
                    continue
                request = requests.get(mesh)
                # An unusable GlobalMesh is not a switch turned off: nothing is removed until it says what it wants.
                if request and (request.problem or (not request.enabled and request.keep_when_off)):
                    continue
                remove(self._host, obj, self._log)


def _wanted(requests: Mapping[str, CopyRequest]) -> set[Wanted]:
    return {
        Wanted(request.mesh, request.worker, resource)
        for request in requests.values()
        if request.enabled
        for resource in request.resources
    }


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not (name and separator and value):
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=VALUE")
    return name, value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="synchronizer", description="Copies Istio resources to the control plane.")
    parser.add_argument("--host-kubeconfig", required=True)
    parser.add_argument("--host-context", required=True)
    parser.add_argument("--worker", action="append", type=_pair, required=True, metavar="NAME=CONTEXT")
    parser.add_argument("--worker-kubeconfig", action="append", type=_pair, default=[], metavar="NAME=FILE")
    parser.add_argument("--namespace", default="mspider-system")
    parser.add_argument("--readiness", type=Path, help="file that is written when the GlobalMesh objects were read")
    options = parser.parse_args(arguments)
    files = dict(options.worker_kubeconfig)
    try:
        host = Kube.connect(options.host_kubeconfig, options.host_context)
        workers = {
            name: Kube.connect(files.get(name, options.host_kubeconfig), context, name)
            for name, context in options.worker
        }
    except BadInputError as error:
        print(f"synchronizer: {error}", file=sys.stderr)
        return int(error.exit_code)
    synchronizer = Synchronizer(host, workers, options.namespace)
    return serve(synchronizer.start, synchronizer.stop, options.readiness)


if __name__ == "__main__":
    sys.exit(main())
