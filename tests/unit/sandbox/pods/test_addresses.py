import pytest

from meshroll.errors import BadInputError, UnavailableError
from meshroll.sandbox.pods.addresses import choose, node_address

RANGE = "127.20.0.0/16"


def test_the_first_pod_gets_the_first_address_of_the_pods_part() -> None:
    assert choose(RANGE, set(), None) == "127.20.1.0"


def test_the_node_has_an_address_that_no_pod_gets() -> None:
    assert node_address(RANGE) == "127.20.0.2"


def test_an_address_in_use_is_passed_over() -> None:
    assert choose(RANGE, {"127.20.1.1", "127.20.1.2"}, "127.20.1.0") == "127.20.1.3"


def test_a_freed_address_rests_while_later_ones_are_free() -> None:
    assert choose(RANGE, set(), "127.20.1.7") == "127.20.1.8"


def test_after_the_last_address_comes_the_first_free_one() -> None:
    assert choose(RANGE, {"127.20.1.0"}, "127.20.255.254") == "127.20.1.1"


def test_a_full_range_is_an_error() -> None:
    used = {f"127.20.{a}.{b}" for a in range(1, 256) for b in range(256)} - {"127.20.255.255"}
    with pytest.raises(UnavailableError, match=r"^range 127\.20\.0\.0/16: all 65279 pod addresses are in use$"):
        choose(RANGE, used, None)


@pytest.mark.parametrize("network", ["10.0.0.0/16", "127.20.0.0/24", "127.20.0.0/12"])
def test_only_a_loopback_16_is_a_range(network: str) -> None:
    with pytest.raises(BadInputError):
        choose(network, set(), None)
