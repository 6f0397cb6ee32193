"""The provider: the engine's calls turned into plain objects for `Cluster`, and its answers into checkpointed state.

State is state.py's, what changes is diff.py's, what inputs mean inputs.py's: here is only who is asked for what.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from pulumi.provider.experimental import provider as rpc

from meshroll.errors import BadInputError
from meshroll.sandbox.pulumi.kubernetes import settings as configuration
from meshroll.sandbox.pulumi.kubernetes.diff import Change, difference, imported, normal, pruned
from meshroll.sandbox.pulumi.kubernetes.inputs import (
    Object,
    completed,
    field_manager,
    identifier,
    name_of,
    parse_identifier,
)
from meshroll.sandbox.pulumi.kubernetes.kinds import CLUSTER_WIDE, Kind, parse, unsupported
from meshroll.sandbox.pulumi.kubernetes.state import checkpoint, recorded, secret_where_due
from meshroll.sandbox.pulumi.kubernetes.values import has_unknown, marked, plain

if TYPE_CHECKING:
    from meshroll.sandbox.pulumi.kubernetes.cluster import Cluster

P = ParamSpec("P")
T = TypeVar("T")
THREADS = 32
_KINDS = {Change.ADD: "ADD", Change.DELETE: "DELETE", Change.UPDATE: "UPDATE"}


class KubernetesProvider(rpc.Provider):
    """Stand-in for the official kubernetes plug-in on machines that cannot reach its download site."""

    def __init__(self, version: str) -> None:
        self._official = f"the official plug-in (pulumi plugin install resource kubernetes v{version})"
        self._settings = configuration.Settings()
        self._cluster: Cluster | None = None
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(THREADS, "cluster")

    async def get_schema(self, request: rpc.GetSchemaRequest) -> rpc.GetSchemaResponse:  # noqa: ARG002
        raise unsupported("a schema (pulumi import wants --generate-code=false)", self._official)

    async def invoke(self, request: rpc.InvokeRequest) -> rpc.InvokeResponse:
        raise unsupported(f"the function {request.tok}", self._official)

    async def construct(self, request: rpc.ConstructRequest) -> rpc.ConstructResponse:
        raise unsupported(f"the type {request.resource_type}", self._official)

    async def call(self, request: rpc.CallRequest) -> rpc.CallResponse:
        raise unsupported(f"the method {request.tok}", self._official)

    async def parameterize(self, request: rpc.ParameterizeRequest) -> rpc.ParameterizeResponse:  # noqa: ARG002
        raise unsupported("extensions", self._official)

    async def check_config(self, request: rpc.CheckRequest) -> rpc.CheckResponse:
        keys = configuration.unserved(plain(request.new_inputs))
        failures = [rpc.CheckFailure(key, str(unsupported(f"the option {key}", self._official))) for key in keys]
        return rpc.CheckResponse(inputs=request.new_inputs, failures=failures)

    async def diff_config(self, request: rpc.DiffRequest) -> rpc.DiffResponse:
        old, new = plain(request.old_state), plain(request.new_inputs)
        changed = configuration.changed(old, new)
        replaces = changed if configuration.replaces(old, new) else []
        return rpc.DiffResponse(changes=bool(changed), diffs=changed, replaces=replaces)

    async def configure(self, request: rpc.ConfigureRequest) -> rpc.ConfigureResponse:
        prefix = "kubernetes:config:"
        values = {key.removeprefix(prefix): value for key, value in request.variables.items() if key.startswith(prefix)}
        self._settings = configuration.parse({**values, **plain(request.args)}, os.environ)
        self._threads.submit(self._connected)  # the client takes longer to import than the engine to ask for it
        return rpc.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def check(self, request: rpc.CheckRequest) -> rpc.CheckResponse:
        new, old = plain(request.new_inputs), plain(request.old_inputs)
        try:
            kind = self._kind(request.type)
            namespace = await self._in_thread(self._namespace, kind, new)
            checked = completed(
                new,
                old,
                kind=kind,
                urn_name=request.name,
                seed=request.random_seed,
                namespace=namespace,
                official=self._official,
            )
        except BadInputError as error:
            return rpc.CheckResponse(request.new_inputs, [rpc.CheckFailure("", str(error))])
        return rpc.CheckResponse(secret_where_due(marked(checked, request.new_inputs), checked))

    async def diff(self, request: rpc.DiffRequest) -> rpc.DiffResponse:
        live, old = checkpoint(request.old_state)
        found = difference(
            live, old, plain(request.new_inputs), mutable=self._settings.mutable, ignore=request.ignore_changes
        )
        detailed = {}
        for path, change in found.changes.items():
            kind = rpc.PropertyDiffKind[_KINDS[change] + ("_REPLACE" if path in found.replaces else "")]
            detailed[path] = rpc.PropertyDiff(kind, input_diff=change is Change.DELETE)
        return rpc.DiffResponse(
            changes=bool(found.changes),
            replaces=list(found.replaces),
            delete_before_replace=found.delete_first,
            detailed_diff=detailed,
        )

    async def create(self, request: rpc.CreateRequest) -> rpc.CreateResponse:
        body = plain(request.properties)
        self._kind(request.type)
        if request.preview and has_unknown(body):
            return rpc.CreateResponse("", request.properties)
        manager = field_manager(body, {}, request.urn)
        if request.preview:
            live = await self._on_cluster(lambda cluster: cluster.preview_create(body, manager))
            return rpc.CreateResponse("", recorded(live, request.properties, manager))
        live = await self._on_cluster(lambda cluster: cluster.create(body, manager))
        return rpc.CreateResponse(identifier(live), recorded(live, request.properties, manager))

    async def update(self, request: rpc.UpdateRequest) -> rpc.UpdateResponse:
        body, state = plain(request.news), plain(request.olds)
        self._kind(request.type)
        if request.preview and has_unknown(body):
            return rpc.UpdateResponse(request.news)
        manager = field_manager(body, state, request.urn)
        if request.preview:
            live = await self._on_cluster(lambda cluster: cluster.preview_update(body, manager))
        else:
            live = await self._on_cluster(lambda cluster: cluster.update(body, manager))
        return rpc.UpdateResponse(recorded(live, request.news, manager))

    async def read(self, request: rpc.ReadRequest) -> rpc.ReadResponse:
        kind = self._kind(request.type, write=False)
        namespace, name = parse_identifier(request.resource_id)
        state, inputs = plain(request.properties), plain(request.inputs)
        api_version = str(inputs.get("apiVersion") or state.get("apiVersion") or kind.api_version)
        live = await self._on_cluster(lambda cluster: cluster.read(api_version, kind.name, namespace, name))
        if live is None:
            return rpc.ReadResponse(resource_id="")
        body = pruned(live, normal(inputs)) if inputs.get("metadata") else imported(live)
        like = secret_where_due(marked(body, request.inputs), body)
        return rpc.ReadResponse(
            request.resource_id, recorded(live, like, field_manager(body, state, request.urn)), like
        )

    async def delete(self, request: rpc.DeleteRequest) -> None:
        kind = self._kind(request.type)
        live, _ = checkpoint(request.properties)
        namespace, name = parse_identifier(request.resource_id)
        metadata = {**live.get("metadata", {}), "name": name} | ({"namespace": namespace} if namespace else {})
        body = {"apiVersion": kind.api_version, "kind": kind.name, **live, "metadata": metadata}
        await self._on_cluster(lambda cluster: cluster.delete(body, request.timeout))

    async def cancel(self) -> None:
        if self._cluster is not None:
            self._cluster.stop()

    def _kind(self, token: str, *, write: bool = True) -> Kind:
        return parse(token, official=self._official, write=write)

    def _namespace(self, kind: Kind, body: Object) -> str | None:
        if name_of(body)[0] or (kind.name in CLUSTER_WIDE and not kind.group):
            return None
        cluster = self._connected()
        namespaced = cluster.is_namespaced(kind.api_version, kind.name)
        return cluster.namespace if namespaced else None

    def _connected(self) -> Cluster:
        with self._lock:
            if self._cluster is None:
                from meshroll.sandbox.pulumi.kubernetes.cluster import Cluster

                self._cluster = Cluster(self._settings)
            return self._cluster

    async def _on_cluster(self, work: Callable[[Cluster], T]) -> T:
        return await self._in_thread(lambda: work(self._connected()))

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))
