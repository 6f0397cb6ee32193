"""Ports and ranges are chosen once and kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshroll.errors import UnavailableError
from meshroll.sandbox.state.addresses import PORTS, RANGES, Range, choose, range_in_use


def never(_: int) -> bool:
    return False


def test_a_known_number_is_kept_even_when_it_is_taken_now() -> None:
    assert choose(["etcd client"], {"etcd client": 20_007}, lambda _: True, PORTS, "seed") == {"etcd client": 20_007}


def test_a_taken_number_is_passed_over() -> None:
    (first,) = choose(["a"], {}, never, PORTS, "seed").values()
    (second,) = choose(["a"], {}, lambda n: n == first, PORTS, "seed").values()
    assert second == PORTS[(PORTS.index(first) + 1) % len(PORTS)]


def test_sandboxes_of_different_folders_start_apart() -> None:
    starts = {choose(["a"], {}, never, PORTS, f"/home/{user}")["a"] for user in ("ann", "bob", "eve")}
    assert len(starts) == 3


def test_when_nothing_is_left_the_name_is_in_the_error() -> None:
    with pytest.raises(UnavailableError, match=r"^default/worker-1: no free number is left between 16 and 254$"):
        choose(["default/worker-1"], {}, lambda _: True, RANGES, "seed")


@given(st.sets(st.text(min_size=1), max_size=30), st.sets(st.sampled_from(PORTS), max_size=50), st.text())
def test_every_name_gets_a_number_of_its_own_that_is_free(names: set[str], taken: set[int], seed: str) -> None:
    chosen = choose(names, {}, taken.__contains__, PORTS, seed)
    assert set(chosen) == names
    assert len(set(chosen.values())) == len(names)
    assert not set(chosen.values()) & taken


def test_a_workers_range_holds_its_gateway_and_its_node() -> None:
    addresses = Range(17)
    assert (addresses.cidr, addresses.gateway, addresses.node) == ("127.17.0.0/16", "127.17.0.1", "127.17.0.2")


def test_a_range_is_in_use_when_somebody_listens_in_it() -> None:
    assert range_in_use(17, ["0.0.0.0", "127.17.0.1"])  # noqa: S104
    assert not range_in_use(17, ["127.0.0.1", "127.170.0.1", "::1"])


def test_a_number_that_another_name_has_is_passed_over() -> None:
    (first,) = choose(["a"], {}, never, PORTS, "seed").values()
    assert choose(["b"], {"a": first}, never, PORTS, "seed")["b"] != first
