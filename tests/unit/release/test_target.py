"""What a command acts on, and how a stack makes its Releases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.git import Remote, Style
from meshroll.gitops.planners import DesiredVersion
from meshroll.gitops.plans import Scope
from meshroll.release.stack import from_stack, release_groups
from meshroll.release.target import Target, repository_target, stack_repository, stack_target
from meshroll.settings.fields import parse_field
from tests.support.stacks import stack

REMOTE = Remote("https://git.example/r.git", "main")


def test_a_stacks_repository_is_opened_as_its_releases_open_it() -> None:
    assert stack_repository(stack())[0] == Remote("https://git.example/r.git", "main", "ci", "s3cret")


def test_each_folder_of_a_stack_is_a_release() -> None:
    assert release_groups(stack(workers=("a", "b"))) == {"dubbo-a": ("a",), "dubbo-b": ("b",)}
    assert release_groups(stack(workers=("a", "b"), path="all")) == {"dubbo": ("a", "b")}
    watched = replace(stack(), services=stack().services[1:])
    assert release_groups(watched) == {}


@pytest.mark.parametrize("exact", [False, True])
def test_a_stack_may_ask_for_exact_releases(exact: bool) -> None:
    asked = replace(stack(), repository=replace(stack().repository, exact=exact))
    assert from_stack(asked, ["worker-1"]).exact is exact


def test_the_target_of_a_stack_has_the_folder_of_each_cluster() -> None:
    target = stack_target(stack(workers=("a", "b")))
    assert (target.paths, target.scope) == (("sandbox/a", "sandbox/b"), Scope("sandbox", ("sandbox/a", "sandbox/b")))
    assert (target.adopted, stack_target(stack(path="all")).paths) == (False, ("all",))


def test_a_target_without_a_stack_has_the_path_and_the_fields_given() -> None:
    target = repository_target(REMOTE, "live", ("image",))
    assert target == Target(REMOTE, Style(), ("live",), ("image",))
    assert (target.name, target.scope, target.adopted) == ("", Scope("", ("live",)), True)
    assert target.desired("shop", "v2") == DesiredVersion("shop", "v2", (parse_field("image"),))
    assert repository_target(REMOTE, None).paths == ()


def test_a_service_that_the_stack_lacks_is_refused() -> None:
    with pytest.raises(BadInputError) as caught:
        stack_target(stack()).desired("shop")
    assert str(caught.value) == (
        "stack sandbox: there is no service shop; expected one of dubbo3-provider, dubbo3-consumer"
    )
