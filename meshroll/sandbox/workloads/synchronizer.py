"""Stand-in for the hosted mesh's synchronizer: copies Istio resources from a work cluster to the control plane's.

    python -m meshroll.sandbox.workloads.synchronizer --host-kubeconfig F --host-context host --worker NAME=CONTEXT…
        [--worker-kubeconfig NAME=F]… --namespace mspider-system [--readiness FILE]

It obeys the GlobalMesh objects of one namespace (globalmesh.py) and decides for each name anew from what both clusters
hold (copies.py), at start, on every change on either side, and on every change of a GlobalMesh. A resource of the same
name that is not its copy is left alone: a line in the log and an Event on the GlobalMesh say so.
"""

from __future__ import annotations

import argparse
import hashlib
import queue
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from types import FrameType

from meshroll.errors import BadInputError, MeshrollError
from meshroll.kube import ApiError, Kube
from meshroll.sandbox.workloads import globalmesh
from meshroll.sandbox.workloads.copies import Act, decide, is_copy
from meshroll.sandbox.workloads.globalmesh import Resource, Wish
from meshroll.sandbox.workloads.log import say
from meshroll.sandbox.workloads.reflector import Key, Object, Reflector, key_of

FIELD_MANAGER = "meshroll-synchronizer"
_RETRY_SECONDS = 0.5
# Kinds that are looked through for copies nobody wants any more, beside those a GlobalMesh names.
_CLEANED = tuple(
    Resource("networking.istio.io", kind, kind.lower() + "s", "v1")
    for kind in ("DestinationRule", "Gateway", "ServiceEntry", "Sidecar", "VirtualService")
)


@dataclass(frozen=True)
class _Wanted:
    """One kind that one mesh wants copied from one worker."""

    mesh: str
    worker: str
    resource: Resource


@dataclass(frozen=True)
class _Link:
    """Both sides of a wanted kind, followed."""

    wanted: _Wanted
    source: Reflector
    there: Reflector


class Synchronizer:
    """All copying of one control plane. One thread decides and writes; reflectors only tell it what to look at."""

    def __init__(
        self, host: Kube, workers: Mapping[str, Kube], namespace: str, log: Callable[[str], None] = say
    ) -> None:
        self._host, self._workers, self._namespace, self._log = host, workers, namespace, log
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._links: dict[_Wanted, _Link] = {}
        self._kinds = set(_CLEANED)
        self._said: dict[tuple[str, ...], str] = {}
        self._meshes = Reflector(
            host, globalmesh.API_VERSION, globalmesh.KIND, lambda *_: self._mesh_changed(), namespace=namespace, log=log
        )
        self._thread = threading.Thread(target=self._run, daemon=True, name="synchronizer")

    def start(self) -> None:
        """Return when the GlobalMesh objects there are have been read."""
        self._thread.start()
        self._meshes.start()
        self._meshes.synced.wait()
        self._mesh_changed()

    def stop(self) -> None:
        """Copy nothing more; the copies stay."""
        self._meshes.stop()
        for link in list(self._links.values()):
            link.source.stop()
            link.there.stop()
        self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except MeshrollError as error:
                self._log(f"{error}; trying again")
                timer = threading.Timer(_RETRY_SECONDS, self._work.put, (work,))
                timer.daemon = True
                timer.start()

    def _mesh_changed(self) -> None:
        if self._meshes.synced.is_set():
            self._work.put(self._arrange)

    def _arrange(self) -> None:
        """Bring the links, and the copies of what is no longer linked, in line with the GlobalMesh objects."""
        wishes = {}
        for key in self._meshes.names():
            mesh = self._meshes.get(key)
            if mesh is not None and "deletionTimestamp" not in mesh["metadata"]:
                wishes[key[1]] = self._checked(globalmesh.wish(mesh))
        wanted = {
            _Wanted(wish.mesh, wish.worker, resource)
            for wish in wishes.values()
            if wish.enabled
            for resource in wish.resources
        }
        for gone in set(self._links) - wanted:
            link = self._links.pop(gone)
            link.source.stop()
            link.there.stop()
            self._log(f"{gone.mesh}: {gone.resource.kind} of {gone.worker} is no longer copied")
        self._kinds |= {item.resource for item in wanted}
        self._clean(wishes, wanted)
        for new in sorted(wanted - set(self._links), key=lambda item: item.resource):
            self._links[new] = self._follow(new)
            self._log(f"{new.mesh}: copies {new.resource.kind} ({new.resource.api_version}) of {new.worker}")

    def _checked(self, wish: Wish) -> Wish:
        problem = wish.problem
        if wish.enabled and wish.worker not in self._workers:
            problem = f"this synchronizer knows no cluster {wish.worker}"
            wish = Wish(wish.mesh, wish.worker, (), False, wish.keep_when_off, problem)
        if problem:
            text = f"{problem}; nothing is copied"
            self._say_once(("mesh", wish.mesh), problem, wish.mesh, "SynchronizerMisconfigured", text)
        else:
            self._said.pop(("mesh", wish.mesh), None)
        return wish

    def _clean(self, wishes: Mapping[str, Wish], wanted: set[_Wanted]) -> None:
        """Remove copies that no GlobalMesh wants any more."""
        linked = {(item.mesh, item.worker, item.resource.group, item.resource.kind) for item in wanted}
        names = {(item.group, item.kind): item for item in self._kinds}
        for resource in names.values():
            if not self._host.knows(resource.api_version, resource.kind):
                continue
            for obj in self._host.list(resource.api_version, resource.kind):
                labels = obj["metadata"].get("labels") or {}
                mesh, origin = labels.get("mspider.io/synced-from"), labels.get("mspider.io/origin-cluster")
                if not mesh or not origin or (mesh, origin, resource.group, resource.kind) in linked:
                    continue
                wish = wishes.get(mesh)
                # An unusable GlobalMesh is not a switch turned off: nothing is removed until it says what it wants.
                if wish and (wish.problem or (not wish.enabled and wish.keep_when_off)):
                    continue
                if any(item.mesh == mesh and item.resource.kind == resource.kind for item in wanted):
                    continue  # the other worker's copies are replaced or removed once the new link has seen both sides
                self._delete(obj)

    def _follow(self, wanted: _Wanted) -> _Link:
        resource = wanted.resource

        def look(_change: str, obj: Object) -> None:
            key = key_of(obj)
            self._work.put(lambda: self._reconcile(wanted, key))

        source = Reflector(self._workers[wanted.worker], resource.api_version, resource.kind, look, log=self._log)
        there = Reflector(self._host, resource.api_version, resource.kind, look, log=self._log)

        def first() -> None:
            source.start().synced.wait()
            there.start().synced.wait()
            self._work.put(lambda: self._reconcile_all(wanted))

        threading.Thread(target=first, daemon=True).start()
        return _Link(wanted, source, there)

    def _reconcile_all(self, wanted: _Wanted) -> None:
        link = self._links.get(wanted)
        if link is None:
            return
        for key in sorted({*link.source.names(), *link.there.names()}):
            self._reconcile(wanted, key)
        for key in link.there.names():
            stale = link.there.get(key)
            if stale and is_copy(stale, mesh=wanted.mesh) and link.source.get(key) is None:
                self._delete(stale)  # a copy of a cluster that was the source before

    def _reconcile(self, wanted: _Wanted, key: Key) -> None:
        link = self._links.get(wanted)
        if link is None or not (link.source.synced.is_set() and link.there.synced.is_set()):
            return  # everything is looked at once both sides are known
        decision = decide(link.source.get(key), link.there.get(key), origin=wanted.worker, mesh=wanted.mesh)
        if decision.act is Act.NOTHING or decision.body is None:
            self._said.pop((wanted.mesh, wanted.resource.kind, *key), None)
            return
        if decision.act is Act.CONFLICT:
            self._conflict(wanted, decision.body)
            return
        try:
            if decision.act is Act.DELETE:
                self._delete(decision.body)
                return
            if decision.act is Act.CREATE:
                self._create(decision.body)
            else:
                self._host.replace(decision.body, field_manager=FIELD_MANAGER)
            self._log(f"{decision.act.value}d {_name(decision.body)} of {wanted.worker}")
        except ApiError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            # Changed meanwhile: the change itself arrives as an event and is looked at then.

    def _create(self, body: Object) -> None:
        try:
            self._host.create(body, field_manager=FIELD_MANAGER)
        except ApiError as error:
            namespace = body["metadata"]["namespace"]
            if error.status != HTTPStatus.NOT_FOUND or self._host.get("v1", "Namespace", namespace) is not None:
                raise
            self._host.apply(
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, field_manager=FIELD_MANAGER
            )
            self._host.create(body, field_manager=FIELD_MANAGER)

    def _delete(self, obj: Object) -> None:
        metadata = obj["metadata"]
        try:
            self._host.delete(
                obj["apiVersion"],
                obj["kind"],
                metadata["name"],
                metadata["namespace"],
                preconditions={"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]},
            )
        except ApiError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
        else:
            self._log(f"removed {_name(obj)}")

    def _conflict(self, wanted: _Wanted, foreign: Object) -> None:
        text = (
            f"{_name(foreign)} of {wanted.worker} is not copied: "
            "the control plane has one of that name that is not its copy"
        )
        key = (wanted.mesh, wanted.resource.kind, *key_of(foreign))
        self._say_once(key, str(foreign["metadata"]["uid"]), wanted.mesh, "ResourceConflict", text)

    def _say_once(self, key: tuple[str, ...], state: str, mesh: str, reason: str, text: str) -> None:
        """A line in the log and an Event on the GlobalMesh, not repeated while nothing changed."""
        if self._said.get(key) == state:
            return
        self._said[key] = state
        self._log(f"{mesh}: {reason}: {text}")
        about = self._meshes.get((self._namespace, mesh))
        if about is None:
            return
        event = event_on(about, reason, text, "/".join(key))
        try:
            self._host.apply(event, field_manager=FIELD_MANAGER, force=True)
        except MeshrollError as error:
            self._log(f"{mesh}: the event could not be written: {error}")


def event_on(mesh: Object, reason: str, text: str, topic: str) -> Object:
    """A warning on a GlobalMesh; the same topic gives the same Event."""
    metadata = mesh["metadata"]
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha256(topic.encode()).hexdigest()[:12]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{metadata['name']}.{digest}", "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": globalmesh.API_VERSION,
            "kind": globalmesh.KIND,
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        },
        "type": "Warning",
        "reason": reason,
        "message": text,
        "source": {"component": "synchronizer"},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }


def _name(obj: Object) -> str:
    return f"{obj['kind']} {obj['metadata']['namespace']}/{obj['metadata']['name']}"


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
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
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
    if options.readiness:
        options.readiness.unlink(missing_ok=True)
    threading.Thread(target=_start, args=(synchronizer, options.readiness), daemon=True).start()
    stopping.wait()
    say("stopping")
    synchronizer.stop()
    return 0


def _start(synchronizer: Synchronizer, readiness: Path | None) -> None:
    synchronizer.start()
    say("ready")
    if readiness:
        readiness.write_text("ready\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
