from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from meshroll.errors import BadInputError
from meshroll.manifests.lint import Waiver
from meshroll.settings import Sealed, load_file, model, stack_file
from meshroll.settings.fields import Field
from tests.support.stack_files import ENVIRON, TEXT, with_change, write


def message(folder, text, environ=None):
    with pytest.raises(BadInputError) as error:
        load_file(write(folder, text), ENVIRON if environ is None else environ)
    assert "s3cret" not in str(error.value)
    return str(error.value).replace(f"{folder}/", "")


def test_a_file_becomes_a_stack_with_every_default(tmp_path):
    path = write(tmp_path)
    assert load_file(path, ENVIRON) == model.Stack(
        name="test",
        file=str(path),
        clusters={
            "host": model.Cluster("host", context="host", kubeconfig="/etc/kube", uid=None),
            "east": model.Cluster("east", context="east", kubeconfig=None, uid=None),
        },
        workers=("east",),
        mesh=model.Mesh(
            provider="mspider",
            name="mesh",
            version="0.27.0",
            owner="host",
            host="host",
            workers=("east",),
            leader="east",
            namespace="mspider-system",
            control_plane_params={},
            remote_kubeconfigs={},
        ),
        gateways={},
        namespaces=(),
        argocd=model.ArgoCD("host", "argocd", "shop", automated=True, prune=True, self_heal=True),
        repository=model.Repository(
            "https://git.example/rollouts.git",
            branch="main",
            kind="rendered",
            path="clusters/{cluster}",
            credentials=model.Credentials("git", "s3cret-token"),
        ),
        delivery=model.Delivery("shop", wait="synced", timeout_seconds=600),
        services=(
            model.Service(
                "provider",
                version="v1",
                template="weight",
                parameters={
                    "image": "registry.example/provider:1",
                    "port": 20880,
                    "steps": [{"setWeight": 5}, {"pause": {"duration": "30s"}}],
                },
                managed_routes=(),
            ),
        ),
    )


def test_secrets_are_in_no_repr(tmp_path):
    text = with_change("workers: [east]", "workers: [east]\n    remoteKubeconfigs: {east: {env: TOKEN}}")
    assert "s3cret" not in repr(load_file(write(tmp_path, text), ENVIRON))


def test_a_stack_without_a_mesh_names_its_workers(tmp_path):
    start, end = TEXT.index("  meshroll:mesh:"), TEXT.index("  meshroll:argocd:")
    text = TEXT[:start] + "  meshroll:workers: [east]\n" + TEXT[end:]
    stack = load_file(write(tmp_path, text), ENVIRON)
    assert (stack.mesh, stack.workers) == (None, ("east",))


def adopted(service: str, path: str = "clusters/{cluster}/{service}") -> str:
    """The small stack over a repository whose files people wrote."""
    text = TEXT[: TEXT.index("    provider:\n      version")] + f"    provider: {service}\n"
    return text.replace("path: clusters/{cluster}", f'kind: adopted\n    path: "{path}"')


def test_an_adopted_service_has_a_version_fields_and_routes(tmp_path):
    fields = '[{label: version}, {image: "", pattern: "{version}-alpine"}, {helm: values.yaml#image.tag}]'
    service = f"{{version: v1, fields: {fields}, managedRoutes: [test-v2]}}"
    stack = load_file(write(tmp_path, adopted(service)), ENVIRON)
    assert stack.services == (
        model.Service(
            "provider",
            "v1",
            None,
            {},
            ("test-v2",),
            (
                Field("label", "version"),
                Field("image", "", "{version}-alpine"),
                Field("helm", "values.yaml#image.tag"),
            ),
        ),
    )


def test_argo_cd_has_further_options_and_entries(tmp_path):
    entry = "{group: apps, kind: Deployment, name: a, namespace: b, jsonPointers: [/spec/replicas]}"
    other = "{kind: Service, managedFieldsManagers: [x], jqPathExpressions: [.spec.clusterIP]}"
    more = f"project: shop, syncOptions: [ServerSideApply=true], ignoreDifferences: [{entry}, {other}]}}"
    stack = load_file(write(tmp_path, with_change("project: shop}", more)), ENVIRON)
    assert (stack.argocd.sync_options, stack.argocd.ignore_differences) == (
        ("ServerSideApply=true",),
        (
            {
                "group": "apps",
                "kind": "Deployment",
                "name": "a",
                "namespace": "b",
                "jsonPointers": ["/spec/replicas"],
            },
            {"kind": "Service", "managedFieldsManagers": ["x"], "jqPathExpressions": [".spec.clusterIP"]},
        ),
    )


def test_an_adopted_service_without_a_version_is_watched(tmp_path):
    stack = load_file(write(tmp_path, adopted("{managedRoutes: [test-v2]}")), ENVIRON)
    assert stack.services == (model.Service("provider", None, None, {}, ("test-v2",)),)


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("clusters/{cluster}/{service}", "clusters/east"),
        ("{service}/{cluster}", ""),
        ("apps/x-{service}.yaml", "apps"),
        ("apps/all.yaml", "apps"),
        ("all.yml", ""),
        ("apps/{cluster}", "apps/east"),
    ],
)
def test_an_application_shows_the_folder_that_holds_all_services(tmp_path, path, folder):
    stack = load_file(write(tmp_path, adopted("{version: v1}", path)), ENVIRON)
    assert stack.repository.folder_for("east") == folder


DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize("service", [f'{{version: "{DIGEST}"}}', f'{{version: "{DIGEST}", fields: [{{image: ""}}]}}'])
def test_the_version_of_an_adopted_service_may_be_what_its_fields_can_hold(tmp_path, service):
    assert load_file(write(tmp_path, adopted(service)), ENVIRON).services[0].version == DIGEST


@pytest.mark.parametrize(
    ("service", "sentence"),
    [
        (
            "{version: v1, template: weight}",
            "template: an adopted service has no template; expected version, fields and managedRoutes",
        ),
        ("{fields: [{pattern: a}]}", "fields/0: needs label or image or kustomize or helm or path"),
        ("{fields: [{label: a, image: b}]}", "fields/0: has both label and image"),
        ('{fields: [{label: a, pattern: "x"}]}', 'fields/0/pattern: "x" does not fit'),
        (f'{{version: "{DIGEST}", fields: [{{label: a}}]}}', f"version: the version '{DIGEST}' cannot be the value of"),
        ('{version: "a b"}', "version: 'a b' cannot be an image's tag or digest"),
        ('{version: "a\\nb", fields: [{path: "f.yaml#/a"}]}', "version: 'a\\nb' cannot be a version"),
    ],
)
def test_what_an_adopted_service_cannot_have_is_said_with_its_place(tmp_path, service, sentence):
    text = message(tmp_path, adopted(service), ENVIRON)
    assert text.partition("/config/meshroll:services/provider/")[2].startswith(sentence)


def test_what_pulumi_encrypted_is_sealed(tmp_path):
    text = with_change("{password: {env: TOKEN}}", "{password: {secure: v1:xyz}}")
    credentials = load_file(write(tmp_path, text), ENVIRON).repository.credentials
    assert credentials == model.Credentials("git", "***")
    assert isinstance(credentials.password, Sealed)


def of_three(waves, path="clusters/{cluster}"):
    text = with_change("    east: {context: east}\n", "    east: {context: east}\n    west: {context: west}\n")
    text = text.replace("workers: [east]", "workers: [east, west, host]\n    leader: east").replace(
        "clusters/{cluster}", path
    )
    return text.replace("{namespace: shop}", f"{{namespace: shop, waves: {waves}}}")


def test_the_waves_say_which_cluster_comes_when(tmp_path):
    stack = load_file(write(tmp_path, of_three("[[east], [host, west]]")), ENVIRON)
    assert stack.delivery.waves == (("east",), ("host", "west"))
    assert [stack.wave_of(cluster) for cluster in stack.workers] == [1, 2, 2]
    assert load_file(write(tmp_path, TEXT), ENVIRON).wave_of("east") == 1


@pytest.mark.parametrize(
    ("waves", "path", "sentence"),
    [
        ("[[west], [north]]", "clusters/{cluster}", "/1/0: north is not among the workers"),
        ("[[west], [host, west, east]]", "clusters/{cluster}", "/1/1: west is in two waves"),
        ("[[west], [host]]", "clusters/{cluster}", ": east is in no wave; expected each work cluster once"),
        ("[[west], []]", "clusters/{cluster}", "/1: "),
        (
            "[[west], [host], [east]]",
            "clusters/{cluster}",
            (
                "/2: east leads mesh mesh: its routes steer every work cluster, and they are not in wave 1; "
                "expected east in the first wave"
            ),
        ),
        ("[[west], [host, east]]", "all", ": the clusters share a folder, which one commit moves; expected"),
    ],
)
def test_waves_that_cannot_be_are_said_with_their_place(tmp_path, waves, path, sentence):
    text = message(tmp_path, of_three(waves, path), ENVIRON)
    assert text.startswith(f"{FILE}:22 /config/meshroll:delivery/waves{sentence}")


def waiving(rule: str) -> str:
    entry = f"{{rule: {rule}, reason: it comes from elsewhere, object: Rollout shop}}"
    return with_change("  meshroll:services:", f"  meshroll:lint: {{waive: [{entry}]}}\n  meshroll:services:")


def test_what_the_lint_is_not_to_report_has_a_rule_a_reason_and_an_object(tmp_path):
    stack = load_file(write(tmp_path, waiving("not-found-here")), ENVIRON)
    assert stack.waivers == (Waiver("not-found-here", "it comes from elsewhere", "Rollout shop"),)


def test_a_stack_asks_the_plugin_of_argo_rollouts_only_where_it_says_so(tmp_path):
    asking = with_change("  meshroll:services:", "  meshroll:lint: {askPlugin: true}\n  meshroll:services:")
    assert load_file(write(tmp_path, asking), ENVIRON).ask_plugin
    assert not load_file(write(tmp_path, waiving("not-found-here")), ENVIRON).ask_plugin


def test_a_rule_that_the_lint_does_not_have_cannot_be_waived(tmp_path):
    text = message(tmp_path, waiving("not-found"), ENVIRON)
    assert "/config/meshroll:lint/waive/0/rule: not-found is not among the lint's rules" in text


def test_waves_and_a_file_that_the_clusters_share_contradict_each_other(tmp_path):
    text = adopted("{version: v1, fields: [{helm: '/base/values.yaml#tag'}]}")
    two = text.replace("    east: {context: east}\n", "    east: {context: east}\n    west: {context: west}\n")
    two = two.replace("workers: [east]", "workers: [east, west]\n    leader: east")
    load_file(write(tmp_path, two), ENVIRON)
    waves = two.replace("{namespace: shop}", "{namespace: shop, waves: [[east], [west]]}")
    assert message(tmp_path, waves, ENVIRON).endswith(
        "/config/meshroll:services/provider/fields/0: a file that clusters share moves them at once, and the stack has "
        "waves; expected a file below repository.path"
    )


def test_a_password_may_stand_in_a_file(tmp_path):
    secret = tmp_path / "token"
    secret.write_text("s3cret\r\n")
    text = with_change("{env: TOKEN}", f"{{file: {secret}}}")
    credentials = load_file(write(tmp_path, text), ENVIRON).repository.credentials
    assert credentials is not None
    assert credentials.password == "s3cret"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"\xff", "cannot be read (no text in UTF-8)"),
        (b"\n", "is empty"),
        (b"x" * 70_000, "is too long"),
    ],
)
def test_a_password_file_that_holds_none_is_named_and_not_shown(tmp_path, content, what):
    secret = tmp_path / "token"
    if content is not None:
        secret.write_bytes(content)
    assert message(tmp_path, with_change("{env: TOKEN}", f"{{file: {secret}}}"), ENVIRON) == (
        f"{FILE}:19 /config/meshroll:repository/credentials/password: the file token {what}; expected a secret"
    )


def test_a_parameter_that_is_marked_public_may_come_from_a_variable_or_a_file(tmp_path):
    file = tmp_path / "address"
    file.write_text("127.0.0.9\n")
    for reference in ("env: BIND", f"file: {file}"):
        bind = f"        port: 20880\n        gateway: {{port: 80, bind: {{{reference}, public: true}}}}\n"
        stack = load_file(write(tmp_path, with_change("        port: 20880\n", bind)), {**ENVIRON, "BIND": "127.0.0.9"})
        assert stack.services[0].parameters["gateway"] == {"port": 80, "bind": "127.0.0.9"}


def test_the_mark_counts_in_parameters_alone(tmp_path):
    text = with_change("{env: TOKEN}", "{env: TOKEN, public: true}")
    assert "credentials/password" in message(tmp_path, text, ENVIRON)


@pytest.mark.parametrize(
    ("old", "place", "value", "expected"),
    [
        ("cluster: host", "argocd/cluster", "s3cret", "one of east, host"),
        ("version: v1", "services/provider/version", "s3cret of two words", "a version"),
        ("template: weight", "services/provider/template", "s3cret", "one of header, weight"),
    ],
)
def test_a_value_from_a_variable_that_does_not_fit_is_not_shown(tmp_path, old, place, value, expected):
    assert old in TEXT
    text = with_change(old, f"{old.partition(':')[0]}: {{env: WRONG}}")
    said = message(tmp_path, text, {**ENVIRON, "WRONG": value})
    assert said.partition(f"/config/meshroll:{place}: ")[2] == f"the value does not fit; expected {expected}"


@pytest.mark.parametrize("kind", ["env", "file", "secure"])
def test_a_reference_names_no_other_reference(tmp_path, kind):
    text = with_change("{env: TOKEN}", f"{{{kind}: {{env: TOKEN}}}}")
    assert message(tmp_path, text, {**ENVIRON, "TOKEN": "s3cret"}) == (
        f"{FILE}:19 /config/meshroll:repository/credentials/password: what is read from elsewhere cannot name another "
        f"place; expected {{{kind}: NAME}} with a plain name"
    )


def test_the_same_stack_with_crlf_and_byte_order_mark(tmp_path):
    plain = load_file(write(tmp_path), ENVIRON)
    other = load_file(write(tmp_path, "\ufeff" + TEXT.replace("\n", "\r\n"), "other"), ENVIRON)
    assert replace(other, name=plain.name, file=plain.file) == plain


FILE = "Pulumi.test.yaml"
BAD_INPUT = yaml.safe_load(Path(__file__).with_name("bad_input.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", BAD_INPUT, ids=lambda case: case["by"].strip()[:40])
def test_bad_input_is_one_sentence_with_file_line_and_pointer(tmp_path, case):
    environ = {**ENVIRON, "SPACED": "s3cret with blanks"}
    sentence = f"{FILE}:{case['at']}: {case['what']}"
    if "expected" in case:
        sentence += f"; expected {case['expected']}"
    assert message(tmp_path, with_change(case["replace"], case["by"]), environ) == sentence


def test_a_header_without_a_name_is_refused(tmp_path):
    text = (
        TEXT[: TEXT.index("        steps:")].replace("template: weight", "template: header")
        + "        header: {value: x}\n"
    )
    assert message(tmp_path, text) == (
        FILE + ":28 /config/meshroll:services/provider/parameters/header: `name` is missing; expected name and value"
    )


def test_an_unset_variable_is_named_before_anything_else(tmp_path):
    assert message(tmp_path, TEXT, {}).startswith(
        FILE + ":6 /config/meshroll:clusters/host/kubeconfig: the environment variable KUBECONFIG_FILE is not set"
    )


@pytest.mark.parametrize("text", ["", "config:\n", "config: []\n", "- x\n", "x: 1\n"])
def test_a_file_without_configuration_is_refused(tmp_path, text):
    assert message(tmp_path, text).endswith("holds no configuration; expected a mapping config with meshroll: keys")


def test_a_stack_that_does_not_exist_gets_a_suggestion(tmp_path):
    (tmp_path / "stacks").mkdir()
    write(tmp_path / "stacks", name="sandbox")
    assert stack_file("organization/meshroll/sandbox", tmp_path) == tmp_path / "stacks" / "Pulumi.sandbox.yaml"
    with pytest.raises(BadInputError, match=r"there is no stack sandbix: did you mean sandbox\?"):
        stack_file("sandbix", tmp_path)
    with pytest.raises(BadInputError, match=r"cannot be a stack's name"):
        stack_file("a/../", tmp_path)
