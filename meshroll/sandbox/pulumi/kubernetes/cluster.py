"""Objects created, applied, read and deleted in one cluster, with the official plug-in's semantics.

`create` fails on an object that is there already; `update` is a server-side apply with the resource's own field
manager; `delete` returns when the object is gone, finalizers and all.
"""

from __future__ import annotations

import threading
import time
from http import HTTPStatus
from typing import Any

from meshroll.errors import BadInputError, ConflictError, MeshrollError, TimedOutError
from meshroll.kube import ApiError
from meshroll.sandbox.pulumi.kubernetes.connection import connect, context_namespace
from meshroll.sandbox.pulumi.kubernetes.diff import expected, normal
from meshroll.sandbox.pulumi.kubernetes.inputs import FORCE, SKIP_AWAIT, Object, annotation, identifier, name_of
from meshroll.sandbox.pulumi.kubernetes.settings import Settings

DEFAULT_SECONDS = 600.0
FIRST_POLL, LAST_POLL = 0.05, 1.0
OWNERSHIP_ATTEMPTS = 5
WRONG_INPUT = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY})


class Cluster:
    """One cluster's objects. All methods block and may be called from any thread; errors are MeshrollError."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kube = connect(settings)
        self._stopped = threading.Event()
        self.namespace = settings.namespace or context_namespace(settings) or "default"

    def stop(self) -> None:
        """Make every waiting call return with an error."""
        self._stopped.set()

    def is_namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of the kind live in namespaces. Raises BadInputError when the cluster does not know it."""
        self._require(api_version, kind)
        return self._kube.is_namespaced(api_version, kind)

    def preview_create(self, body: Object, manager: str) -> Object:
        """What `create` would make, by a dry run; the body itself where the cluster cannot tell yet.

        That is: its namespace is not there yet, an object stands there that a replacement removes first, or dry runs
        are forbidden.
        """
        self._require(body["apiVersion"], body["kind"])
        try:
            return expected(self._kube.create(normal_body(body), field_manager=manager, dry_run=True))
        except ApiError as error:
            if error.status in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN} or error.reason == "AlreadyExists":
                return body
            raise self._failed("cannot be created", body, error) from error

    def create(self, body: Object, manager: str) -> Object:
        """Make a new object."""
        self._require(body["apiVersion"], body["kind"])
        try:
            live = self._kube.create(normal_body(body), field_manager=manager)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise self._failed("was not created", body, error) from error
            if self._settings.upsert:
                return self._apply(body, manager, dry_run=False)
            raise ConflictError(
                error.what, where=_title(body), expected="no such object yet; import it, or delete it first"
            ) from error
        try:
            return self._own_as_applied(live, manager)
        except MeshrollError:
            # The object is there and must be remembered; `update` turns the ownership before it needs it.
            return live

    def preview_update(self, body: Object, manager: str) -> Object:
        """What `update` would leave, by a dry run; the body itself where dry runs are forbidden."""
        self._require(body["apiVersion"], body["kind"])
        try:
            return expected(self._apply(body, manager, dry_run=True))
        except ApiError as error:
            if error.status == HTTPStatus.FORBIDDEN:
                return body
            raise

    def update(self, body: Object, manager: str) -> Object:
        """Apply the fields of the body, and let go of those that an earlier body had."""
        self._require(body["apiVersion"], body["kind"])
        live = self.read(body["apiVersion"], body["kind"], *name_of(body))
        if live is None:
            raise ConflictError("the object is gone", where=_title(body), expected="a `pulumi refresh` first")
        self._own_as_applied(live, manager)
        return self._apply(body, manager, dry_run=False)

    def read(self, api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        """The live object, or None when it, its namespace or its kind is not there."""
        if not self._kube.knows(api_version, kind):
            return None
        return self._kube.get(api_version, kind, name, namespace or self.namespace)

    def delete(self, body: Object, seconds: float) -> None:
        """Delete an object with everything it owns and return when it is gone. Raises TimedOutError."""
        api_version, kind = body["apiVersion"], body["kind"]
        namespace, name = name_of(body)
        namespace = namespace or self.namespace
        if not self._kube.knows(api_version, kind):
            return
        try:
            if not self._kube.delete(api_version, kind, name, namespace, propagationPolicy="Foreground"):
                return
        except ApiError as error:
            raise self._failed("was not deleted", body, error) from error
        if annotation(body, SKIP_AWAIT) != "true":
            self._await_gone(body, namespace, seconds or DEFAULT_SECONDS)

    def _await_gone(self, body: Object, namespace: str, seconds: float) -> None:
        api_version, kind, (_, name) = body["apiVersion"], body["kind"], name_of(body)
        deadline = time.monotonic() + seconds
        uid, pause = None, FIRST_POLL
        while (live := self._kube.get(api_version, kind, name, namespace)) is not None:
            metadata = live["metadata"]
            uid = uid or metadata["uid"]
            if metadata["uid"] != uid or not metadata.get("deletionTimestamp"):
                return  # somebody made a new one meanwhile
            if time.monotonic() > deadline:
                blocking = [*metadata.get("finalizers", []), *live.get("spec", {}).get("finalizers", [])]
                reason = f", its finalizers are {', '.join(blocking)}" if blocking else ""
                raise TimedOutError(f"it is still being deleted after {seconds:.0f} s{reason}", where=_title(body))
            if self._stopped.wait(pause):
                raise TimedOutError("waiting for the deletion was cancelled", where=_title(body))
            pause = min(pause * 1.5, LAST_POLL)

    def _apply(self, body: Object, manager: str, *, dry_run: bool) -> Object:
        force = self._settings.force or annotation(body, FORCE) == "true"
        try:
            return self._kube.apply(normal_body(body), field_manager=manager, force=force, dry_run=dry_run)
        except ApiError as error:
            if error.status == HTTPStatus.FORBIDDEN and dry_run:
                raise
            if error.reason != "Conflict":
                raise self._failed("was not updated", body, error) from error
            raise ConflictError(
                error.what,
                where=_title(body),
                expected=f'no other owner, or the annotation {FORCE}: "true"',
            ) from error

    def _own_as_applied(self, live: Object, manager: str) -> Object:
        """Turn the ownership that `create` recorded into that of an apply; return the object as it is then.

        Otherwise the first apply would conflict with it, and a field that is dropped later would stay.
        """
        for _ in range(OWNERSHIP_ATTEMPTS):
            patch = ownership(live, manager)
            if patch is None:
                return live
            namespace, name = name_of(live)
            api_version, kind = live["apiVersion"], live["kind"]
            try:
                return self._kube.patch(api_version, kind, name, namespace, patch, field_manager=manager)
            except ApiError as error:
                if error.status != HTTPStatus.CONFLICT:
                    raise self._failed("was not updated", live, error) from error
            # A controller wrote meanwhile, as controllers do with what they have just been given.
            live = self._kube.get(api_version, kind, name, namespace) or live
        return live

    def _require(self, api_version: str, kind: str) -> None:
        if not self._kube.knows(api_version, kind):
            raise BadInputError(
                f"the cluster does not know {kind} of {api_version}",
                where=f"cluster {self._kube.name}",
                expected="its CustomResourceDefinition to be installed",
            )

    def _failed(self, what: str, body: Object, error: ApiError) -> MeshrollError:
        sentence = f"{what}: {error.what}"
        if error.status in WRONG_INPUT:
            return BadInputError(sentence, where=_title(body))
        return ApiError(sentence, status=error.status, reason=error.reason, where=_title(body))


def ownership(live: Object, manager: str) -> Object | None:
    """The patch that makes what the manager owns by `create` owned by apply; None when there is nothing to turn."""
    entries: list[dict[str, Any]] = live["metadata"].get("managedFields", [])
    mine = [entry for entry in entries if entry.get("manager") == manager and not entry.get("subresource")]
    if not mine or any(entry["operation"] == "Apply" for entry in mine):
        return None
    turned = [entry | {"operation": "Apply"} if entry in mine else entry for entry in entries]
    return {"metadata": {"managedFields": turned, "resourceVersion": live["metadata"]["resourceVersion"]}}


def normal_body(body: Object) -> Object:
    """The body as it is sent: without members that the server alone sets."""
    stripped = normal(body)
    if "stringData" in body:  # the server encodes it; a Secret is sent as it was written
        stripped = {**body, "metadata": stripped.get("metadata", {})}
    return stripped


def _title(body: Object) -> str:
    return f"{body['kind']} {identifier(body)}"
