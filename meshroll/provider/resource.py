"""Release as the engine sees it: check, diff, create, update, read, delete.

- `check` renders, plans and validates, and adds the computed inputs `edits` and `written`, the versions as this run
  leaves them. A service that must wait for a person (see `meshroll.gitops.history.holds`) is warned of and left out.
- `diff` asks what Git holds, as `check` found it just before: a release differs while that is not what the inputs
  render to. The remembered edits of an earlier run do not count, and neither does how servers are reached.
  A release also differs while the clusters are not where Git is, as far as the stack waits.
- `create` and `update` commit exactly the edits of `check` and wait; nothing is committed that could not be delivered.
  Where only the wait fails, the resource is kept with its inputs and what Git holds, as Pulumi's "initialization
  failed": the next `up` goes on waiting. In a preview they log the plan's unified diff, of many services the first, and
  leave out `commit` and `versions`, which are not known before.
- `read` reports the versions that stand in Git, as inputs too, so that a refresh shows who changed what.
- `delete` forgets the resource: Git is left alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from meshroll.errors import BadInputError, MeshrollError, UnavailableError, of_this_machine
from meshroll.gitops.history import Hold, unless_undone
from meshroll.gitops.plans import apply_plan
from meshroll.provider import clusters
from meshroll.provider.background import in_thread
from meshroll.provider.checks import Check, Checks
from meshroll.provider.differences import changed_inputs
from meshroll.provider.preview import preview_text
from meshroll.provider.schema import schema
from meshroll.provider.undelivered import NotDeliveredError
from meshroll.provider.values import Properties, is_unknown, plain_map, secret_place, with_secret_at, wrap
from meshroll.release import planning
from meshroll.release.agreed import check_agreed
from meshroll.release.describe import FOLLOWER
from meshroll.release.inputs import ReleaseInputs
from meshroll.release.properties import edit_values, from_properties, significant, written_before
from meshroll.release.property_shapes import COMPUTED
from meshroll.release.wording import hold_sentence, holds_as_sentences

T = TypeVar("T")
COMMITTED = ("stack", "path", "namespace", "services")  # the inputs that end in Git
Wait = Callable[[ReleaseInputs, str, list[str], Callable[[str], None]], tuple[str, ...]]


class Log(Protocol):
    """Where messages to the user go; `meshroll.provider.engine.Engine` is one."""

    def info(self, urn: str, message: str) -> None:
        """A diagnostic that stays."""

    def warning(self, urn: str, message: str) -> None:
        """A diagnostic that stays and stands out."""

    def status(self, urn: str, message: str) -> None:
        """What is going on, shown until the next status."""


@dataclass(frozen=True)
class Services:
    """What the resource does outside of Git; tests hand in their own."""

    validate: planning.Validate = clusters.validate
    wait: Wait = clusters.wait
    obstacles: Callable[[ReleaseInputs], tuple[str, ...]] = clusters.obstacles
    undelivered: Callable[[ReleaseInputs, str, list[str]], str] = clusters.undelivered


class ReleaseProvider(sdk.Provider):
    """Serves `meshroll:index:Release`. Its state between calls is only the last check of each resource."""

    def __init__(self, log: Log, services: Services = Services()) -> None:
        self._log = log
        self._services = services
        self._checks = Checks()
        self._cancelled = asyncio.Event()

    async def get_schema(self, _request: sdk.GetSchemaRequest) -> sdk.GetSchemaResponse:
        """The schema that `pulumi package get-schema` shows."""
        return sdk.GetSchemaResponse(schema())

    async def configure(self, _request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        """Secrets arrive marked; previews reach `create` and `update`."""
        return sdk.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """Everything that can be wrong is found here, before anything is changed."""
        given = {key: value for key, value in request.new_inputs.items() if key not in COMPUTED}
        if any(is_unknown(value) for value in given.values()):
            return sdk.CheckResponse(inputs=given)
        try:
            check = await in_thread(lambda: self._check(request.urn, given, plain_map(request.old_inputs)))
        except MeshrollError as error:
            return sdk.CheckResponse(inputs=given, failures=[sdk.CheckFailure("", str(error))])
        self._checks.remember(request.urn, check)
        computed = {
            "edits": wrap(edit_values(check.plan.edits, exact=check.plan.exact)),
            "written": wrap(planning.written(check.inputs, check.held)),
        }
        return sdk.CheckResponse(inputs={**_sealed(given), **computed})

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """`old_state` holds the old *inputs* here, and the old output `commit`: see `meshroll.provider.server`."""
        old, new = plain_map(request.old_state), plain_map(request.new_inputs)
        commit = str(old.pop("commit", ""))
        unknown = any(is_unknown(value) for value in request.new_inputs.values())
        if not unknown and significant(old) == significant(new):
            inputs = from_properties({**new, "edits": None, "written": written_before(old, new)})
            changed = await in_thread(lambda: self._differs(request.urn, inputs, commit))
        else:
            changed = changed_inputs(old, new)
        update = sdk.PropertyDiff(sdk.PropertyDiffKind.UPDATE, input_diff=True)
        return sdk.DiffResponse(
            changes=bool(changed),
            diffs=sorted({key.partition(".")[0].partition("[")[0] for key in changed}),
            detailed_diff=dict.fromkeys(changed, update),
        )

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        """The first release of these services by this stack."""
        identity = "" if request.preview else f"{plain_map(request.properties)['stack']}/{request.name}"
        outputs = await self._release(request.urn, request.properties, preview=request.preview, identity=identity)
        return sdk.CreateResponse(resource_id=identity, properties=outputs)

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        """A later release."""
        identity = request.resource_id
        outputs = await self._release(request.urn, request.news, preview=request.preview, identity=identity)
        return sdk.UpdateResponse(outputs)

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        """The versions in Git, whoever put them there."""
        if not request.inputs:
            raise BadInputError("a Release cannot be imported", expected="`pulumi up`, which adopts what Git holds")
        inputs = from_properties(plain_map(request.inputs))
        head, versions = await in_thread(lambda: planning.versions(inputs))
        found = {name: version for name, version in versions.items() if version is not None}
        known = plain_map(request.properties)
        commit = known.get("commit", head) if found == known.get("versions") else head
        properties = {"commit": wrap(commit), "versions": wrap(found)}
        return sdk.ReadResponse(request.resource_id, properties, _with_versions(request.inputs, versions))

    async def delete(self, request: sdk.DeleteRequest) -> None:
        """Nothing: what was released stays released."""

    async def cancel(self) -> None:
        """The user pressed Ctrl-C: stop waiting. A push that is under way ends first."""
        self._cancelled.set()

    def _check(self, urn: str, given: Properties, old: Mapping[str, Any]) -> Check:
        _refuse_secrets(given)
        values = plain_map(given)
        inputs = from_properties({**values, "written": written_before(old, values)})
        plan, held = planning.plan_unheld(inputs)
        check_agreed(plan)
        if held and inputs.on_held == "error":
            raise BadInputError("; ".join(hold_sentence(hold) for hold in held))
        for hold in held:
            self._log.warning(urn, hold_sentence(hold))
        for finding in plan.findings:
            if finding.kind == FOLLOWER:
                self._log.warning(urn, finding.message)
        for note in planning.validate_changes(inputs, plan, self._services.validate):
            self._log.info(urn, note)
        return Check(inputs, plan, held)

    def _differs(self, urn: str, inputs: ReleaseInputs, commit: str) -> list[str]:
        """The inputs to name in a diff though none has changed: Git or the clusters are not as they say."""
        check = self._checks.of(urn, inputs)
        if check.plan.edits:
            return ["edits"]
        reason = self._services.undelivered(inputs, commit or check.plan.base, _unheld(inputs, check.held))
        if reason:
            self._log.info(urn, f"nothing to commit, but not delivered: {reason}")
        return ["argocd"] if reason else []

    async def _release(self, urn: str, properties: Properties, *, preview: bool, identity: str) -> dict[str, Any]:
        if any(is_unknown(value) for value in properties.values()):
            return {}
        inputs = from_properties(plain_map(properties))
        if preview:
            await in_thread(lambda: self._show(urn, inputs))
            return {}
        commit, services, others = await in_thread(lambda: self._commit(urn, inputs))
        try:
            await self._unless_cancelled(in_thread(lambda: self._wait(urn, inputs, commit, services, others)))
        except (MeshrollError, OSError) as error:
            sentence = of_this_machine(error) if isinstance(error, OSError) else error
            # An interrupt is answered at once: what was released is known without asking Git.
            outputs = _released(inputs, commit) if self._cancelled.is_set() else await _outputs_of(inputs, commit)
            raise NotDeliveredError(sentence, identity, outputs) from error
        return await _outputs_of(inputs, commit)

    def _wait(self, urn: str, inputs: ReleaseInputs, commit: str, services: list[str], others: list[str]) -> None:
        """Wait for the services that changed, and for the others too where an earlier wait has left some behind."""

        def wait(names: list[str]) -> None:
            for note in self._services.wait(inputs, commit, names, lambda text: self._log.status(urn, text)):
                self._log.info(urn, note)

        wait(services)
        if others and self._services.undelivered(inputs, commit, others):
            wait(others)

    def _show(self, urn: str, inputs: ReleaseInputs) -> None:
        if text := preview_text(self._checks.plan(urn, inputs)):
            self._log.info(urn, text)

    def _commit(self, urn: str, inputs: ReleaseInputs) -> tuple[str, list[str], list[str]]:
        """The commit that holds the plan, the services to wait for, and those that should be there already."""
        plan = self._checks.plan(urn, inputs).bound_to(inputs.edits)
        if problems := self._services.obstacles(inputs):
            nothing = "; nothing was committed" if plan.edits else ""
            raise UnavailableError("; ".join(problems) + nothing)
        with holds_as_sentences():
            applied = apply_plan(
                inputs.remote, plan, stack=inputs.stack, command="up", style=inputs.style, guard=unless_undone(plan)
            )
        if applied.made:
            self._log.info(urn, f"committed {applied.commit[:12]} to {inputs.remote.branch}: {plan.summary}")
        unheld = [each.name for each in inputs.services if each.name in plan.settings]
        changed = list(dict.fromkeys(change.service for change in plan.changes)) or unheld
        return applied.commit, changed, [name for name in unheld if name not in changed]

    async def _unless_cancelled(self, waiting: Awaitable[T]) -> T:
        work, cancelled = asyncio.ensure_future(waiting), asyncio.ensure_future(self._cancelled.wait())
        await asyncio.wait({work, cancelled}, return_when=asyncio.FIRST_COMPLETED)
        cancelled.cancel()
        if work.done():
            return work.result()
        work.cancel()
        raise UnavailableError("the wait was interrupted; the commit is made", expected="`pulumi up` to wait again")


def _refuse_secrets(given: Properties) -> None:
    """Raise BadInputError for a secret in what is committed: in files, in their paths or in the commit's message."""
    written = {key: given[key] for key in COMMITTED if key in given}
    repository = given["repository"].value if "repository" in given else None
    if isinstance(repository, Mapping) and "commit" in repository:
        written["repository.commit"] = repository["commit"]
    for where, value in written.items():
        if (place := secret_place(value, where)) is not None:
            raise BadInputError(
                "a secret would be committed to Git in clear", where=place, expected="the name of a Secret instead"
            )


def _released(inputs: ReleaseInputs, commit: str) -> dict[str, PropertyValue]:
    """The outputs as they are where nobody else released anything."""
    return {"commit": wrap(commit), "versions": wrap({each.name: each.version for each in inputs.services})}


async def _outputs_of(inputs: ReleaseInputs, commit: str) -> dict[str, PropertyValue]:
    return await in_thread(lambda: _outputs(inputs, commit))


def _outputs(inputs: ReleaseInputs, commit: str) -> dict[str, PropertyValue]:
    """What Git holds: other than what was released where a service was held, or where somebody released meanwhile."""
    versions = {service.name: service.version for service in inputs.services}
    with suppress(MeshrollError, OSError):  # a repository that is away: what was released is the best there is
        head, found = planning.versions(inputs)
        in_git = {service: version for service, version in found.items() if version is not None}
        commit, versions = (commit if in_git == versions else head), in_git
    return {"commit": wrap(commit), "versions": wrap(versions)}


def _unheld(inputs: ReleaseInputs, held: Sequence[Hold]) -> list[str]:
    names = {hold.service for hold in held}
    return [service.name for service in inputs.services if service.name not in names]


def _sealed(inputs: Properties) -> dict[str, Any]:
    """Credentials are secret in the state, whether or not the program marked them."""
    sealed = dict(inputs)
    if "repository" in sealed:
        sealed["repository"] = with_secret_at(sealed["repository"], "credentials")
    return sealed


def _with_versions(inputs: Properties, versions: Mapping[str, str | None]) -> dict[str, Any]:
    """The inputs with each service's version as Git has it; without one where Git has none."""
    services = plain_map(inputs)["services"]
    for service in services:
        version = versions.get(service["name"], service.get("version"))
        service.pop("version", None)
        if version is not None:
            service["version"] = version
    return {**inputs, "services": wrap(services)}
