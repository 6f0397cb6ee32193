"""Which Releases and Applications belong to a wave, and that one commit moves one wave."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshroll.errors import BadInputError, Remedy
from meshroll.gitops.plans import Edit, Move, Plan
from meshroll.release.waves import WAVE, check_one_wave, moved_applications, releases_of_wave
from meshroll.settings.model import Stack
from tests.support.stacks import stack


def in_waves(*waves: tuple[str, ...]) -> Stack:
    made = stack(workers=("a", "b", "c"))
    return replace(made, delivery=replace(made.delivery, waves=waves))


def changing(*clusters: str) -> Plan:
    edits = tuple(Edit(f"sandbox/{cluster}/shop.yaml", "/0/version", "v1", "v2", "shop") for cluster in clusters)
    return Plan("https://git.example/r.git", "main", "d" * 40, edits, (), "")


BOTH = in_waves(("b",), ("a", "c"))


def test_the_releases_of_a_wave_are_those_of_its_clusters() -> None:
    assert releases_of_wave(BOTH, 1) == {"dubbo-b": ("b",)}
    assert releases_of_wave(BOTH, 2) == {"dubbo-a": ("a",), "dubbo-c": ("c",)}
    assert list(releases_of_wave(BOTH, None)) == ["dubbo-b", "dubbo-a", "dubbo-c"]


@pytest.mark.parametrize(
    ("made", "wave", "expected"), [(BOTH, 3, "1 to 2"), (BOTH, 0, "1 to 2"), (in_waves(), 2, "1, the only one")]
)
def test_a_wave_that_the_stack_lacks_is_refused(made: Stack, wave: int, expected: str) -> None:
    with pytest.raises(BadInputError) as caught:
        releases_of_wave(made, wave)
    assert str(caught.value) == f"stack sandbox: there is no wave {wave}; expected {expected}"


def test_the_applications_that_move_are_those_whose_files_change() -> None:
    assert moved_applications(BOTH, changing("c", "b")) == (Move("dubbo-b", "b", 1), Move("dubbo-c", "c", 2))
    assert moved_applications(BOTH, changing()) == ()


def test_a_plan_of_one_wave_is_let_through() -> None:
    check_one_wave(BOTH, changing("a", "c"), "plan.json")
    check_one_wave(in_waves(), changing("a", "b", "c"), "plan.json")


def test_a_plan_of_two_waves_is_refused() -> None:
    with pytest.raises(BadInputError) as caught:
        check_one_wave(BOTH, changing("a", "b"), "plan.json")
    assert str(caught.value) == (
        "plan.json: it moves 2 waves, and one commit would move them at once; "
        "expected wave N, or up, which takes them in turn"
    )
    with pytest.raises(BadInputError) as caught:
        check_one_wave(BOTH, changing("a", "b"), Remedy("retry", "shop", "v2"), WAVE)
    assert str(caught.value) == (
        "retry shop v2: it moves 2 waves, and one commit would move them at once; expected wave N"
    )
