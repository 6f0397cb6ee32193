"""What a plan says of the clusters that follow a leader in one mesh."""

from __future__ import annotations

from dataclasses import replace

from meshroll.gitops.plans import Finding
from meshroll.release.describe import followers
from meshroll.release.properties import from_properties
from meshroll.settings.model import Cluster
from tests.support.release import WHOLE


def test_a_follower_is_told_that_its_weights_act_on_nothing() -> None:
    inputs = from_properties(WHOLE)
    both = replace(inputs, workers=(*inputs.workers, Cluster("x", None, None, None)))
    assert followers(both) == (
        Finding(
            "follower",
            "x follows w in one mesh: the weights of a canary in x act on nothing, "
            "and its pods get requests only while their pod template is the same as in w",
        ),
    )


def test_a_leader_and_a_stack_without_a_mesh_are_told_nothing() -> None:
    inputs = from_properties(WHOLE)
    assert followers(inputs) == followers(replace(inputs, mesh=None)) == ()
