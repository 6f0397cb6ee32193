"""The kubernetes plug-in, built from its Go module, under the real CLI against a real API server."""

import base64
import json
from pathlib import Path

from meshroll.kube import Kube
from tests.sandbox.pulumi.conftest import eventually
from tests.support.sandbox.pulumi_project import PROVIDER, Project

OLD_STATE = Path(__file__).with_name("old_state.json")
ALL_KINDS = """
ns = Namespace("ns", metadata={"name": NS, "labels": {"istio-injection": "enabled"}}, opts=on())
name = ns.metadata["name"]
Secret("secret", metadata={"name": "s", "namespace": name}, string_data={"password": "hunter2"}, opts=on())
ConfigMap("config", metadata={"name": "c", "namespace": name}, data={"key": "one"}, opts=on())
CustomResource("widget", api_version="example.org/v1", kind="Widget", metadata={"name": "w", "namespace": name},
               spec={"size": 3, "ratio": 0.5}, opts=on())
"""
WIDGET = """
CustomResource("widget", api_version="example.org/v1", kind="Widget", spec={spec}, opts=on({opts}),
               metadata={{"name": "w", "namespace": NS{metadata}}})
"""


def widget(spec: dict, metadata: str = "", opts: str = "") -> str:
    return WIDGET.format(spec=spec, metadata=metadata, opts=opts)


def test_a_namespace_and_what_goes_into_it_are_previewed_made_left_alone_and_removed(project: Project, kube: Kube):
    project.write(ALL_KINDS)
    assert project.operations() == {
        "cluster": "create",
        "ns": "create",
        "secret": "create",
        "config": "create",
        "widget": "create",
    }
    assert kube.get("v1", "Namespace", project.namespace) is None
    project.up()
    live = kube.get("example.org/v1", "Widget", "w", project.namespace)
    assert live is not None
    assert live["spec"] == {"size": 3, "ratio": 0.5, "color": "red"}
    assert project.state()["widget"]["id"] == f"{project.namespace}/w"
    project.run("preview", "--expect-no-changes")
    project.run("up", "--yes", "--skip-preview", "--expect-no-changes")
    project.run("destroy", "--yes", "--skip-preview")
    assert kube.get("v1", "Namespace", project.namespace) is None


def test_integers_arrive_as_integers_and_the_secret_never_shows(project: Project, kube: Kube):
    project.write(ALL_KINDS)
    shown = project.run("preview", "--diff") + project.up() + project.run("stack", "export")
    secret = kube.get("v1", "Secret", "s", project.namespace)
    assert secret is not None
    assert base64.b64decode(secret["data"]["password"]) == b"hunter2"
    hidden = ["hunter2", base64.b64encode(b"hunter2").decode()]
    state = "".join(file.read_text() for file in Path(project.environ["PULUMI_HOME"]).rglob("*.json"))
    assert [word for word in hidden if word in shown + state] == []


def test_a_change_updates_in_place_and_a_dropped_field_goes(project: Project, kube: Kube, namespace: str):
    project.write(widget({"size": 3, "note": "x"}))
    project.up()
    project.write(widget({"size": 7}))
    step = project.preview()["widget"]
    assert step["op"] == "update"
    assert step["detailedDiff"] == {
        "spec.size": {"kind": "update", "inputDiff": False},
        "spec.note": {"kind": "delete", "inputDiff": True},
    }
    project.up()
    live = kube.get("example.org/v1", "Widget", "w", namespace)
    assert live is not None
    assert live["spec"] == {"size": 7, "color": "red"}
    project.run("preview", "--expect-no-changes")


def test_what_the_schema_forbids_fails_in_the_preview(project: Project, namespace: str):
    project.write(widget({"size": 101}))
    text = project.run("preview", fails=True)
    assert "error: Preview failed: resource" in text
    assert 'Widget.example.org "w" is invalid: spec.size: Invalid value: 101' in text


def test_a_field_of_an_object_that_is_there_already_is_not_taken_over(project: Project, kube: Kube, namespace: str):
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": namespace}}
    kube.create(body | {"data": {"key": "theirs"}}, field_manager="somebody")
    program = 'ConfigMap("config", metadata={"name": "c", "namespace": NS}, data={"key": "ours"}, opts=on())\n'
    project.write(program)
    text = project.up(fails=True)
    assert 'Apply failed with 1 conflict: conflict with "somebody" using v1: .data.key' in text
    live = kube.get("v1", "ConfigMap", "c", namespace)
    assert live is not None
    assert live["data"] == {"key": "theirs"}


def test_an_object_that_is_there_already_is_adopted_with_what_others_own(project: Project, kube: Kube, namespace: str):
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": namespace}}
    kube.create(body | {"data": {"theirs": "1"}}, field_manager="somebody")
    project.write('ConfigMap("config", metadata={"name": "c", "namespace": NS}, data={"ours": "2"}, opts=on())\n')
    project.up()
    live = kube.get("v1", "ConfigMap", "c", namespace)
    assert live is not None
    assert live["data"] == {"theirs": "1", "ours": "2"}


def test_a_field_that_somebody_else_owns_is_a_conflict_until_it_is_forced(project: Project, kube: Kube, namespace: str):
    project.write(widget({"size": 3}))
    project.up()
    kube.patch("example.org/v1", "Widget", "w", namespace, {"spec": {"size": 4}}, field_manager="somebody")
    text = project.run("refresh", "--yes")
    assert "~ 1 updated" in text
    assert project.state()["widget"]["outputs"]["spec"]["size"] == 4
    text = project.up(fails=True)
    assert 'conflict with "somebody"' in text
    project.write(widget({"size": 3}, metadata=', "annotations": {"pulumi.com/patchForce": "true"}'))
    project.up()
    live = kube.get("example.org/v1", "Widget", "w", namespace)
    assert live is not None
    assert live["spec"]["size"] == 3


def test_a_refresh_forgets_what_somebody_deleted(project: Project, kube: Kube, namespace: str):
    project.write(widget({"size": 3}))
    project.up()
    kube.delete("example.org/v1", "Widget", "w", namespace)
    project.run("refresh", "--yes")
    assert "widget" not in project.state()
    project.up()
    assert kube.get("example.org/v1", "Widget", "w", namespace) is not None


def test_an_import_adopts_an_object_as_it_is(project: Project, kube: Kube, namespace: str):
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": namespace}}
    kube.create(body | {"data": {"key": "one"}}, field_manager="somebody")
    identity = f"{namespace}/c"
    program = 'ConfigMap("config", metadata={{"name": "c", "namespace": NS}}, data={{"key": "one"}}, opts=on({}))\n'
    project.write(program.format(f'import_="{identity}"'))
    project.up()
    state = project.state()["config"]
    assert (state["id"], state["inputs"]) == (identity, {**body, "data": {"key": "one"}})
    project.write(program.format(""))
    project.run("preview", "--expect-no-changes")


def test_a_new_name_makes_a_new_object_and_removes_the_old_one(project: Project, kube: Kube, namespace: str):
    program = 'ConfigMap("config", metadata={{"name": "{}", "namespace": NS}}, data={{"key": "one"}}, opts=on())\n'
    project.write(program.format("before"))
    project.up()
    project.write(program.format("after"))
    assert project.preview()["config"]["op"] in {"create-replacement", "replace", "delete-replaced"}
    project.up()
    names = [item["metadata"]["name"] for item in kube.list("v1", "ConfigMap", namespace)]
    assert names == ["after"]


def test_the_content_of_a_named_config_map_is_replaced_unless_the_provider_says_mutable(
    project: Project, kube: Kube, namespace: str
):
    program = 'ConfigMap("config", metadata={{"name": "c", "namespace": NS}}, data={{"key": "{}"}}, opts=on())\n'

    def uid() -> str:
        live = kube.get("v1", "ConfigMap", "c", namespace)
        assert live is not None
        return live["metadata"]["uid"]

    project.write(program.format("one"))
    project.up()
    first = uid()
    project.write(program.format("two"))
    project.up()
    second = uid()
    mutable = PROVIDER.replace("**settings", "**settings, enable_config_map_mutable=True")
    project.write(program.format("three"), provider=mutable)
    project.up()
    assert (first == second, second == uid()) == (False, True)


def test_a_resource_without_a_name_gets_a_random_one_and_keeps_it(project: Project, kube: Kube, namespace: str):
    project.write('ConfigMap("config", metadata={"namespace": NS}, data={"key": "one"}, opts=on())\n')
    project.up()
    project.run("preview", "--expect-no-changes")
    (live,) = kube.list("v1", "ConfigMap", namespace)
    assert live["metadata"]["name"].startswith("config-")
    assert live["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}


def test_a_deletion_returns_when_the_finalizer_is_gone_or_names_it_when_time_is_up(
    project: Project, kube: Kube, namespace: str
):
    timeout = 'custom_timeouts=pulumi.CustomTimeouts(delete="2s")'
    project.write(widget({"size": 3}, metadata=', "finalizers": ["example.org/hold"]', opts=timeout))
    project.up()
    text = project.run("destroy", "--yes", "--skip-preview", fails=True)
    assert "warning: finalizers might be preventing deletion (example.org/hold)" in text
    assert "error: timed out waiting for the condition" in text
    assert "widget" in project.state()
    patch = {"metadata": {"finalizers": None}}
    kube.patch("example.org/v1", "Widget", "w", namespace, patch, field_manager="somebody")
    project.run("destroy", "--yes", "--skip-preview")
    assert kube.get("example.org/v1", "Widget", "w", namespace) is None


def test_an_object_of_somebody_else_is_read(project: Project, kube: Kube, namespace: str):
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "gate", "namespace": namespace}}
    kube.create(body | {"spec": {"ports": [{"port": 80}]}}, field_manager="somebody")
    reading = (
        'gate = Service.get("gate", NS + "/gate", opts=on())\npulumi.export("port", gate.spec["ports"][0]["port"])\n'
    )
    project.write(reading)
    project.up()
    assert json.loads(project.run("stack", "output", "--json")) == {"port": 80}


def test_another_kubeconfig_is_an_update_and_another_cluster_identifier_a_replacement(
    project: Project, kubeconfig: Path, namespace: str
):
    program = widget({"size": 3})
    project.write(program)
    project.up()
    moved = project.folder / "kubeconfig"
    moved.write_text(kubeconfig.read_text())
    project.environ["TEST_KUBECONFIG"] = str(moved)
    assert project.operations() == {"cluster": "update"}
    project.environ["TEST_KUBECONFIG"] = moved.read_text()
    assert project.operations() == {"cluster": "update"}
    project.write(program, provider=PROVIDER.replace("**settings", '**{**settings, "cluster_identifier": "other"}'))
    operations = project.operations()
    assert set(operations) == {"cluster", "widget"}
    assert {*operations.values()} <= {"replace", "create-replacement", "delete-replaced"}


def test_a_strict_update_does_what_its_preview_said(project: Project, namespace: str):
    for size in (3, 4):
        project.write(widget({"size": size}) + 'pulumi.export("namespace", NS)\n')
        project.run("up", "--yes", "--strict")
        assert project.state()["widget"]["outputs"]["spec"]["size"] == size


def test_a_secret_that_is_only_read_stays_secret_too(project: Project, kube: Kube, namespace: str):
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs", "namespace": namespace}}
    kube.create(body | {"stringData": {"password": "hunter2"}}, field_manager="somebody")
    # The SDK knows the kind Secret by its class alone, so a resource without the class shows what the plug-in marks.
    project.write(
        'pulumi.CustomResource("kubernetes:core/v1:Secret", "s", {}, on(id=NS + "/theirs", version="4.0.0"))\n'
    )
    project.up()
    state = project.run("stack", "export")
    assert "ciphertext" in state
    assert base64.b64encode(b"hunter2").decode() not in state


def test_an_interrupted_deletion_ends_and_can_be_repeated(project: Project, kube: Kube, namespace: str):
    project.write(widget({"size": 3}, metadata=', "finalizers": ["example.org/hold"]'))
    project.up()

    def is_being_deleted() -> bool:
        live = kube.get("example.org/v1", "Widget", "w", namespace)
        return live is not None and "deletionTimestamp" in live["metadata"]

    assert "error: update failed" in project.interrupt("destroy", "--yes", "--skip-preview", when=is_being_deleted)
    assert "widget" in project.state()
    kube.patch("example.org/v1", "Widget", "w", namespace, {"metadata": {"finalizers": None}}, field_manager="somebody")
    project.run("destroy", "--yes", "--skip-preview")
    assert kube.get("example.org/v1", "Widget", "w", namespace) is None


def test_a_state_of_the_earlier_plug_in_needs_no_change(project: Project, kube: Kube, kubeconfig: Path):
    # The earlier one applied each object with a field manager of its own, which the state names.
    project.environ["TEST_NAMESPACE"] = "made-before"
    resources = json.loads(OLD_STATE.read_text().replace("{kubeconfig}", str(kubeconfig)))
    for resource in resources[2:]:
        kube.apply(object_of(resource), field_manager=resource["outputs"]["__fieldManager"])
    state = json.loads(project.run("stack", "export"))
    state["deployment"]["resources"] = resources
    (project.folder / "state.json").write_text(json.dumps(state))
    project.run("stack", "import", "--file", "state.json")
    project.write(ALL_KINDS)
    project.run("preview", "--expect-no-changes")
    project.run("refresh", "--yes", "--expect-no-changes")
    project.write(ALL_KINDS.replace('"size": 3', '"size": 4'))
    assert project.operations() == {"widget": "update"}
    project.up()
    live = kube.get("example.org/v1", "Widget", "w", "made-before")
    assert live is not None
    assert live["spec"] == {"size": 4, "ratio": 0.5, "color": "red"}
    project.run("destroy", "--yes", "--skip-preview")
    assert kube.get("v1", "Namespace", "made-before") is None


def object_of(resource: dict) -> dict:
    """What a resource of the state asks for; secret values are JSON in the state."""
    inputs = dict(resource["inputs"])
    for name, value in inputs.items():
        if isinstance(value, dict) and "plaintext" in value:
            inputs[name] = json.loads(value["plaintext"])
    return inputs


def test_no_kubeconfig_is_left_in_a_temporary_folder(project: Project, namespace: str):
    # The plug-in writes one at each start, with all that is in the kubeconfig.
    folder = Path(project.environ["PULUMI_HOME"]) / "temporary"
    seen = set[str]()
    project.write(widget({"size": 3}, metadata=', "finalizers": ["example.org/hold"]'))
    project.up()

    def is_written() -> bool:
        seen.update(file.name.rstrip("0123456789") for file in folder.glob("*/*"))
        return bool(seen)

    project.interrupt("destroy", "--yes", "--skip-preview", when=is_written)
    assert seen == {"kubeconfig"}
    eventually(lambda: not any(folder.iterdir()))
