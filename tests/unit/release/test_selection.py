"""The services and clusters that a command names, and a stack with other versions than its file has."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError
from meshroll.release.selection import chosen_clusters, only_service, with_versions
from tests.support.stacks import stack

UNKNOWN = "stack sandbox: there is no service shop; expected one of dubbo3-provider, dubbo3-consumer"


def test_given_versions_leave_the_other_services_out() -> None:
    chosen = with_versions(stack(), {"dubbo3-consumer": "v7"})
    assert [(each.name, each.version) for each in chosen.services] == [("dubbo3-consumer", "v7")]


def test_without_versions_the_stack_stays_as_it_is() -> None:
    assert with_versions(stack(), {}) == stack()


@pytest.mark.parametrize(
    ("service", "version", "found"),
    [("dubbo3-provider", "", "v1"), ("dubbo3-provider", "v2", "v2"), ("dubbo3-consumer", "", "none")],
)
def test_a_service_alone_has_a_version_whatever_the_file_has(service: str, version: str, found: str) -> None:
    assert [(each.name, each.version) for each in only_service(stack(), service, version).services] == [
        (service, found)
    ]


def test_a_service_that_the_stack_lacks_is_refused() -> None:
    with pytest.raises(BadInputError) as caught:
        with_versions(stack(), {"dubbo3-provider": "v2", "shop": "v1"})
    assert str(caught.value) == UNKNOWN
    with pytest.raises(BadInputError) as caught:
        only_service(stack(), "shop")
    assert str(caught.value) == UNKNOWN


def test_without_a_cluster_all_are_chosen_and_with_one_it_alone() -> None:
    made = stack(workers=("a", "b"))
    assert (chosen_clusters(made, None), chosen_clusters(made, "b")) == (("a", "b"), ("b",))


def test_a_cluster_that_the_stack_lacks_is_refused() -> None:
    with pytest.raises(BadInputError) as caught:
        chosen_clusters(stack(workers=("a", "b")), "host")
    assert str(caught.value) == "stack sandbox: there is no work cluster host; expected one of a, b"
