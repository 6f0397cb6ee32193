"""What a record must show: pure, a record in, sentences about what is wrong out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.sandbox.chaos.commands import Done
from tests.sandbox.chaos.observation import Observation
from tests.sandbox.chaos.record import Record, Step
from tests.support.sandbox.stacks import PROVIDER

# What no user may see, whatever happened.
NEVER = {
    r"Traceback \(most recent call last\)": "a traceback",
    r"a defect in Meshroll": "an error that is called a defect",
    r"\bpanic:": "a panic",
}
OURS, THEIRS = "ours", "Ada"


def problems(record: Record) -> tuple[str, ...]:
    """Everything that is not as it should be."""
    return (
        *_of_judged(record),
        *_of_words(record),
        *_of_ends(record),
        *_of_act(record),
        *_of_second(record),
        *_of_next(record),
        *_of_commits(record),
        *_of_traffic(record),
        *_of_processes(record),
    )


def disagreements(seen: Observation) -> Iterator[str]:
    """Where state, outputs, cluster and control plane are not what Git holds."""
    held = dict(seen.git.versions)
    state, application = seen.state, seen.application
    if state is None:
        yield "there is no state"
    else:
        if dict(state.released) != held:
            yield f"the Release's outputs say {dict(state.released)}, Git holds {held}"
        if dict(state.output_versions) != held:
            yield f"the stack's outputs say {dict(state.output_versions)}, Git holds {held}"
        if state.pending:
            yield f"operations are pending: {', '.join(state.pending)}"
        if state.initialization_errors:
            yield f"initialization errors are left: {'; '.join(state.initialization_errors)}"
    yield from _of_clusters(seen)
    if application is not None and (application.revision, application.sync) != (seen.git.head, "Synced"):
        at, head = application.revision[:10], seen.git.head[:10]
        yield f"the Application is {application.sync} at {at}, the branch at {head}"


def _of_clusters(seen: Observation) -> Iterator[str]:
    if not seen.namespace:
        yield "the namespace is not there"
    if seen.application is None:
        yield "the Application is not there"
    for service, rollout in seen.rollouts.items():
        if rollout is None:
            yield f"there is no Rollout {service}"
        elif rollout.version != seen.git.versions[service]:
            yield f"Rollout {service} asks for {rollout.version}, Git holds {seen.git.versions[service]}"
    if seen.weights is None or seen.weights != seen.copied_weights:
        yield f"the weights are {seen.weights} in the worker and {seen.copied_weights} in the host"


def _of_judged(record: Record) -> Iterator[str]:
    expected, said = record.scenario.expected, "\n".join(done.said for done in record.judged)
    for done in record.judged:
        if expected.exit != "any" and done.succeeded != (expected.exit == "success"):
            yield f"`{done.words}` ended with {done.exit_code}, expected {expected.exit}"
    for pattern in expected.says:
        if not re.search(pattern, said):
            yield f"nothing says /{pattern}/"
    for pattern in expected.never_says:
        if re.search(pattern, said):
            yield f"something says /{pattern}/"


def _of_words(record: Record) -> Iterator[str]:
    for step in record.steps:
        for done in step.said:
            for pattern, what in NEVER.items():
                if re.search(pattern, done.said):
                    yield f"{step.name}: `{done.words}` shows {what}"


def _of_ends(record: Record) -> Iterator[str]:
    """A run that succeeded has told the truth at that moment."""
    for done, seen in record.ends:
        if not _is_up(done):
            continue
        held = dict(seen.git.versions)
        if seen.state is not None and dict(seen.state.output_versions) != held:
            yield f"`{done.words}` succeeded with outputs {dict(seen.state.output_versions)} while Git holds {held}"
        for problem in _of_clusters(seen):
            yield f"`{done.words}` succeeded while {problem}"


def _of_act(record: Record) -> Iterator[str]:
    expected, seen = record.scenario.expected, record.act.seen
    held = seen.git.versions[PROVIDER]
    allowed = [getattr(record.versions, holder) for holder in expected.git]
    others = [getattr(record.versions, holder) for holder in ("before", "wanted", "theirs", "next")]
    # A competing commit on another service leaves the provider's version as it was asked for.
    if held not in allowed or held not in others:
        yield f"after the act Git holds {held}, expected {' or '.join(allowed)}"
    if expected.weights is not None and (seen.weights, seen.copied_weights) != (expected.weights, expected.weights):
        yield f"after the act the weights are {seen.weights} and {seen.copied_weights}, expected {expected.weights}"
    if expected.kept and seen.state is not None:
        # Of an update that failed in part, Pulumi itself keeps the old inputs beside the new outputs.
        kept = seen.state.released.get(PROVIDER)
        if kept != record.versions.wanted:
            yield f"after a wait that failed the Release's outputs say {kept}, expected {record.versions.wanted}"
        if not seen.state.initialization_errors:
            yield "after a wait that failed the state has no initialization error"


def _of_second(record: Record) -> Iterator[str]:
    if record.second is None:
        return
    expected, seen = record.scenario.expected, record.second.seen
    if any(done.left_a_lock for done in record.second.said) and not expected.locked:
        yield "the second run found a lock"
    yield from _last_succeeded(record.second)
    wanted = getattr(record.versions, expected.at_last)
    if seen.git.versions[PROVIDER] != wanted:
        yield f"after the second run Git holds {seen.git.versions[PROVIDER]}, expected {wanted}"
    yield from (f"after the second run {problem}" for problem in disagreements(seen))


def _of_next(record: Record) -> Iterator[str]:
    seen, wanted = record.next.seen, record.versions.next
    yield from _last_succeeded(record.next)
    if seen.git.versions[PROVIDER] != wanted:
        yield f"the next version is not released: Git holds {seen.git.versions[PROVIDER]}, expected {wanted}"
    rollout = seen.rollouts[PROVIDER]
    if rollout is not None and (rollout.phase, seen.weights) != ("Paused", (95, 5)):
        yield f"the next version is {rollout.phase} with weights {seen.weights}, expected Paused with (95, 5)"
    yield from (f"after the next version {problem}" for problem in disagreements(seen))


def _of_commits(record: Record) -> Iterator[str]:
    for version in (record.versions.wanted, record.versions.next):
        ours = [
            commit
            for commit in record.next.seen.git.commits
            if commit.author != THEIRS and commit.after == version != commit.before
        ]
        if len(ours) > 1:
            yield f"{len(ours)} commits release {version}"


def _of_traffic(record: Record) -> Iterator[str]:
    if record.traffic.lost:
        yield f"requests are lost: {dict(record.traffic.lost)}"
    if not record.flows:
        yield "no request is answered at the end"


def _of_processes(record: Record) -> Iterator[str]:
    if record.left:
        yield f"{record.left} processes of plug-ins outlive their `pulumi`"


def _last_succeeded(step: Step) -> Iterator[str]:
    if step.said and not step.said[-1].succeeded:
        yield f"{step.name}: `{step.said[-1].words}` ended with {step.said[-1].exit_code}"


def _is_up(done: Done) -> bool:
    return done.words.startswith("pulumi up")
