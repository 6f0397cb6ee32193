"""Whether a Rollout is where a release wants it: of its version, and as far as the stack waits."""

from __future__ import annotations

from dataclasses import dataclass

from meshroll.delivery.model import Released
from meshroll.delivery.rollouts import Phase, RolloutState, pod_labels, template_editor
from meshroll.kube import Object
from meshroll.settings.model import Wait


@dataclass(frozen=True)
class Judgement:
    """`sentence` says where the Rollout is, without its name."""

    is_released: bool  # whether it has the version released
    is_far_enough: bool
    sentence: str


def judge(released: Released, until: Wait, rollout: Object, template: Object, state: RolloutState) -> Judgement:
    """Judge a Rollout with its pod template and its state."""
    if not has_version(released, template):
        has = ", ".join(f"{key}: {pod_labels(template).get(key, 'none')}" for key in released.labels)
        editor = template_editor(rollout)
        return Judgement(False, False, f"has {has} in the cluster, written by {editor}, not {released.version}")
    return Judgement(True, is_far_enough(state, until), state.sentence)


def has_version(released: Released, template: Object) -> bool:
    """Whether a pod template has the version released, as far as labels show it."""
    return released.labels.items() <= pod_labels(template).items()


def is_far_enough(state: RolloutState, until: Wait) -> bool:
    """Whether a Rollout is where the wait may end: "step" ends at any pause, "finished" at one without end."""
    at_step = until == "step" and state.phase is Phase.PAUSED
    return state.phase is Phase.HEALTHY or state.waits_for_person or at_step
