"""Files that may hold a service and are not read: links, submodules, Jsonnet and what Git LFS keeps elsewhere."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.planners import DesiredVersion, plan_adopted
from meshroll.gitops.plans import Plan
from tests.support.git.repositories import Repository

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 123\n"
JSONNET = "local name = 'shop'; {kind: 'Deployment', metadata: {name: name}}\n"


def workload() -> str:
    containers = "[{name: main, image: 'team/shop:v1'}]"
    return f"kind: Rollout\nmetadata: {{name: shop}}\nspec: {{template: {{spec: {{containers: {containers}}}}}}}\n"


def planned(repository: Repository, files: dict[str, str], path: str = "live", **modes: str) -> Plan:
    """A plan with some files; `link` and `submodule` name the one that is such."""
    kinds = {"link": "120000", "submodule": "160000"}
    repository.commit(write=files, modes={path: kinds[kind] for kind, path in modes.items()})
    return plan_adopted(repository.remote, path, [DesiredVersion("shop", "v2")], cache=repository.cache)


def refusal(repository: Repository, files: dict[str, str], path: str = "live", **modes: str) -> str:
    with pytest.raises(BadInputError) as caught:
        planned(repository, files, path, **modes)
    return str(caught.value)


def passed_over(plan: Plan) -> list[str]:
    return [finding.message for finding in plan.findings if finding.kind == "unreadable"]


def left_out(plan: Plan) -> list[str]:
    return [finding.message for finding in plan.findings if finding.kind == "left-out"]


NO_JSONNET = (
    "live/app.jsonnet: it is Jsonnet, which is not evaluated; "
    "expected a field in a YAML or JSON file that it imports, path:FILE#POINTER"
)
ELSEWHERE = "live/shop.yaml: Git LFS keeps its content elsewhere; expected the file in Git itself"
LINKED = "it is a symbolic link to ../base/shop.yaml, which is not followed"


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [("live/app.jsonnet", JSONNET, NO_JSONNET), ("live/shop.yaml", POINTER, ELSEWHERE)],
)
def test_what_may_hold_the_service_and_is_not_read_is_an_error_or_beside_it_a_finding(
    repository: Repository, file: str, content: str, sentence: str
) -> None:
    assert refusal(repository, {file: content}) == sentence
    assert refusal(repository, {}, file) == sentence
    assert passed_over(planned(repository, {"live/a.yaml": workload()})) == [f"it was passed over: {sentence}"]


def test_jsonnet_of_something_else_is_not_a_finding(repository: Repository) -> None:
    files = {"live/a.yaml": workload(), "live/app.jsonnet": JSONNET.replace("shop", "workshop")}
    assert passed_over(planned(repository, files)) == []


def test_a_broken_file_of_a_longer_name_is_not_a_finding(repository: Repository) -> None:
    files = {"live/a.yaml": workload(), "live/b.yaml": "name: shop-admin: [\n", "live/c.yaml": "shop: [\n"}
    assert [message.partition(":")[2] for message in passed_over(planned(repository, files))] == [
        " live/c.yaml:2:1: is not YAML: did not find expected node content while parsing a flow node"
    ]


def test_a_kustomization_that_names_what_git_lfs_keeps_is_not_followed(repository: Repository) -> None:
    files = {"live/kustomization.yaml": "resources: [../base/shop.yaml]\n", "base/shop.yaml": POINTER}
    assert refusal(repository, files) == ELSEWHERE.replace("live", "base")


@pytest.mark.parametrize("broken", ["resources: [../base\n", f"# shop\nimages: [{POINTER}", POINTER])
def test_a_kustomization_that_cannot_be_read_is_an_error_beside_the_workload_too(
    repository: Repository, broken: str
) -> None:
    found = refusal(repository, {"live/a.yaml": workload(), "live/over/kustomization.yaml": broken})
    assert found.startswith("live/over/kustomization.yaml:")


def test_a_template_of_a_chart_may_be_called_like_a_kustomization(repository: Repository) -> None:
    chart = {"live/c/Chart.yaml": "name: c\n", "live/c/templates/kustomization.yaml": "{{ if .Values.shop }}: [\n"}
    assert passed_over(planned(repository, {"live/a.yaml": workload(), **chart})) == []


def test_a_link_names_where_it_leads_with_the_rest_of_the_path(repository: Repository) -> None:
    files = {"base/shop.yaml": workload(), "live": "base"}
    sentence = "live: it is a symbolic link to base, which is not followed; expected the path base"
    assert refusal(repository, files, link="live") == sentence
    assert refusal(repository, {}, "live/shop.yaml") == f"{sentence}/shop.yaml"


def test_a_link_out_of_the_path_to_the_service_is_an_error_or_beside_it_a_finding(repository: Repository) -> None:
    files = {"base/shop.yaml": workload(), "live/x.yaml": "../base/shop.yaml"}
    assert refusal(repository, files, link="live/x.yaml") == (
        "live: nothing holds the version of shop; live/x.yaml is a symbolic link to ../base/shop.yaml, and not "
        "followed; expected the path base/shop.yaml"
    )
    assert passed_over(planned(repository, {"live/a.yaml": workload()})) == [
        f"it was passed over: live/x.yaml: {LINKED}; expected the path base/shop.yaml"
    ]


@pytest.mark.parametrize("target", ["a.yaml", "../base", "../nothing", "/etc/passwd"])
def test_a_link_to_what_is_read_or_holds_no_service_is_not_a_finding(repository: Repository, target: str) -> None:
    files = {"live/a.yaml": workload(), "base/x.yaml": "kind: Service\nname: workshop\n", "live/x.yaml": target}
    assert passed_over(planned(repository, files, link="live/x.yaml")) == []


def test_a_submodule_is_named_where_it_is_called_like_the_service_or_nothing_else_is_there(
    repository: Repository,
) -> None:
    files = {"live/parts": repository.commit(write={"README": "x"})}
    assert refusal(repository, files, submodule="live/parts") == (
        "live: nothing holds the version of shop; live/parts is a submodule, and not followed; "
        "expected a plan in its own repository"
    )
    assert passed_over(planned(repository, {"live/a.yaml": workload()})) == []
    assert passed_over(planned(repository, {"live/shop": repository.head()}, submodule="live/shop")) == [
        "it was passed over: live/shop: it is a submodule, which is not followed; expected a plan in its own repository"
    ]


def test_a_cluster_behind_a_link_at_any_depth_is_left_out_with_where_it_leads(repository: Repository) -> None:
    files = {"live/east/shop/a.yaml": workload(), "live/west/shop": "../east/shop"}
    assert left_out(planned(repository, files, "live/{cluster}/shop", link="live/west/shop")) == [
        "live/west/shop is left out: it is a symbolic link to ../east/shop, which is not followed"
    ]
    planned(repository, {"live/north": "east"}, "live/{cluster}/shop", link="live/north")
    assert left_out(planned(repository, {}, "live/{cluster}/shop"))[0] == (
        "live/north/shop is left out: it is a symbolic link to east, which is not followed"
    )


def test_where_every_cluster_is_behind_a_link_the_error_says_so(repository: Repository) -> None:
    files = {"base/a.yaml": workload(), "live/west": "../base"}
    assert refusal(repository, files, "live/{cluster}", link="live/west") == (
        "live/{cluster}: nothing in the repository is where the clusters should be; "
        "live/west: it is a symbolic link to ../base, which is not followed"
    )


def test_a_cluster_that_may_be_in_jsonnet_is_an_error_and_not_left_out(repository: Repository) -> None:
    files = {"live/east/a.yaml": workload(), "live/west/app.jsonnet": JSONNET}
    assert refusal(repository, files, "live/{cluster}") == NO_JSONNET.replace("live/", "live/west/")
