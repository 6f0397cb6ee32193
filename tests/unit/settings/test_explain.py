from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshroll.errors import BadInputError
from meshroll.settings import explain
from meshroll.settings.effective import _with
from tests.support.stack_files import ENVIRON, TEXT, with_change, write


def rows(path, cluster=None, environ=ENVIRON):
    return {item.pointer: (item.value, item.origin) for item in explain(path, cluster, environ)}


def test_every_origin_is_told(tmp_path):
    path = write(tmp_path)
    found = rows(path)
    assert {pointer: found[pointer] for pointer in found if "/parameters/" not in pointer} == {
        "/config/meshroll:format": (1, f"{path}:4"),
        "/config/meshroll:clusters/host/context": ("host", f"{path}:6"),
        "/config/meshroll:clusters/host/kubeconfig": ("/etc/kube", f"environment variable KUBECONFIG_FILE ({path}:6)"),
        "/config/meshroll:clusters/east/context": ("east", f"{path}:7"),
        "/config/meshroll:clusters/east/kubeconfig": ("~/.kube/config", "default"),
        "/config/meshroll:mesh/provider": ("mspider", f"{path}:9"),
        "/config/meshroll:mesh/name": ("mesh", f"{path}:10"),
        "/config/meshroll:mesh/version": ("0.27.0", f"{path}:11"),
        "/config/meshroll:mesh/global": ("host", f"{path}:12"),
        "/config/meshroll:mesh/host": ("host", f"{path}:13"),
        "/config/meshroll:mesh/workers": (["east"], f"{path}:14"),
        "/config/meshroll:mesh/namespace": ("mspider-system", "default"),
        "/config/meshroll:mesh/controlPlaneParams": ({}, "default"),
        "/config/meshroll:mesh/remoteKubeconfigs": ({}, "default"),
        "/config/meshroll:mesh/leader": ("east", "default"),
        "/config/meshroll:argocd/cluster": ("host", f"{path}:15"),
        "/config/meshroll:argocd/project": ("shop", f"{path}:15"),
        "/config/meshroll:argocd/namespace": ("argocd", "default"),
        "/config/meshroll:argocd/sync/automated": (True, "default"),
        "/config/meshroll:argocd/sync/prune": (True, "default"),
        "/config/meshroll:argocd/sync/selfHeal": (True, "default"),
        "/config/meshroll:repository/url": ("https://git.example/rollouts.git", f"{path}:17"),
        "/config/meshroll:repository/path": ("clusters/{cluster}", f"{path}:18"),
        "/config/meshroll:repository/credentials/password": ("***", f"environment variable TOKEN ({path}:19)"),
        "/config/meshroll:repository/credentials/username": ("git", "default"),
        "/config/meshroll:repository/branch": ("main", "default"),
        "/config/meshroll:repository/kind": ("rendered", "default"),
        "/config/meshroll:repository/exact": (False, "default"),
        "/config/meshroll:delivery/namespace": ("shop", f"{path}:20"),
        "/config/meshroll:delivery/wait": ("synced", "default"),
        "/config/meshroll:delivery/timeout": ("10m", "default"),
        "/config/meshroll:delivery/onHeld": ("warn", "default"),
        "/config/meshroll:services/provider/version": ("v1", f"{path}:23"),
        "/config/meshroll:services/provider/template": ("weight", f"{path}:24"),
        "/config/meshroll:services/provider/managedRoutes": ([], "default"),
        "/config/meshroll:gateways": ({}, "default"),
        "/config/meshroll:namespaces": ({}, "default"),
    }
    steps = "/config/meshroll:services/provider/parameters/steps"
    assert found[f"{steps}/1/pause/duration"] == ("30s", f"{path}:30")
    assert steps not in found
    template = "default of template weight"
    assert found["/config/meshroll:services/provider/parameters/replicas"] == (1, template)
    assert found["/config/meshroll:services/provider/parameters/targetPort"] == (20880, template)
    assert found["/config/meshroll:services/provider/parameters/virtualService"] == ("provider", template)


def test_a_default_that_names_another_parameter_is_shown_with_its_value(tmp_path):
    found = rows(write(tmp_path))
    probes = {p: value for p, (value, _) in found.items() if p.endswith("/readinessProbe")}
    ports = {p.rpartition("/")[0]: value for p, (value, _) in found.items() if p.endswith("/targetPort")}
    assert probes
    assert probes == {
        f"{place}/readinessProbe": {"tcpSocket": {"port": ports[place]}, "periodSeconds": 10} for place in ports
    }


def test_a_password_in_a_file_is_masked_and_its_file_an_origin(tmp_path):
    (tmp_path / "token").write_text("s3cret\n")
    path = write(tmp_path, with_change("{env: TOKEN}", f"{{file: {tmp_path}/token}}"))
    key = "/config/meshroll:repository/credentials/password"
    assert rows(path)[key] == ("***", f"file {tmp_path}/token ({path}:19)")


def test_the_kubeconfig_of_the_environment_is_an_origin(tmp_path):
    found = rows(write(tmp_path), environ={**ENVIRON, "KUBECONFIG": "/home/kube"})
    assert found["/config/meshroll:clusters/east/kubeconfig"] == ("/home/kube", "environment variable KUBECONFIG")


def test_one_work_cluster_leaves_the_others_out_and_has_its_own_path(tmp_path):
    text = TEXT.replace("workers: [east]", "workers: [east, host]\n    leader: east")
    text = text.replace(
        "  meshroll:argocd", "  meshroll:gateways: {east: {address: a}, host: {address: b}}\n  meshroll:argocd"
    )
    found = rows(write(tmp_path, text), "east")
    assert found["/config/meshroll:repository/path"][0] == "clusters/east"
    assert "/config/meshroll:gateways/east/address" in found
    assert [pointer for pointer in found if "/gateways/host" in pointer or "clusters/host" in pointer] == []


def test_a_leader_that_is_named_is_no_default(tmp_path):
    path = write(tmp_path, TEXT.replace("workers: [east]", "workers: [east]\n    leader: east"))
    told = [item.origin for item in explain(path, None, ENVIRON) if item.pointer == "/config/meshroll:mesh/leader"]
    assert told == [f"{path}:15"]


def test_an_unknown_work_cluster_is_refused(tmp_path):
    with pytest.raises(BadInputError, match=r"there is no work cluster est: did you mean east\?"):
        explain(write(tmp_path), "est", ENVIRON)


def test_what_only_pulumi_can_open_is_masked_and_the_rest_shown(tmp_path):
    path = write(tmp_path, TEXT.replace("{context: east}", "{secure: v1:abc}"))
    found = rows(path)
    assert found["/config/meshroll:clusters/east"] == ("***", f"{path}:7")
    assert found["/config/meshroll:services/provider/version"] == ("v1", f"{path}:23")


POINTERS = st.lists(st.sampled_from(["a", "b", "c", 0]), max_size=4).map(tuple)


@settings(deadline=None, database=None)
@given(known=st.lists(POINTERS, min_size=1), supplied=st.lists(POINTERS))
def test_what_was_supplied_stands_behind_the_last_of_the_nearest_values(known, supplied):
    def shared(one, other):
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))

    expected = [(pointer, number, "known") for number, pointer in enumerate(known)]
    rows = [(pointer, number, "supplied") for number, pointer in enumerate(supplied)]
    found = list(_with(list(expected), rows))
    for row in rows:
        after = max(range(len(expected)), key=lambda index: (shared(expected[index][0], row[0]), index))
        expected.insert(after + 1, row)
    assert found == expected
