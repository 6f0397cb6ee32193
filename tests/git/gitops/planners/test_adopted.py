"""Planning and applying versions in files that people wrote, on a real repository over file://."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError, ConflictError
from meshroll.gitops.history.holds import Origin, find_holds
from meshroll.gitops.planners import DesiredVersion, plan_adopted, read_adopted
from meshroll.gitops.plans import Finding, Plan, VersionChange, apply_plan
from meshroll.settings.fields import parse_field
from tests.support.git.repositories import Repository

FILE = "clusters/east/shop/rollout.yaml"


def workload(version: str = "v1", name: str = "shop", image: str = "team/shop:v1") -> str:
    """Written by a person: comments, quotes and an order of keys of their own."""
    return (
        f"# {name}, by hand\nkind: Rollout\napiVersion: argoproj.io/v1alpha1\nmetadata: {{name: '{name}'}}\n"
        "spec:\n    template:\n        metadata:\n            labels:\n"
        f'                version: {version}   # what runs\n                app: "{name}"\n'
        f"        spec:\n            containers: [{{name: main, image: '{image}'}}]\n"
        "    strategy: {canary: {steps: [{setWeight: 5}, {pause: {duration: 10m}}]}}\n"
        f"    selector: {{matchLabels: {{app: '{name}'}}}}"  # and no final newline
    )


def plan(
    repository: Repository, path: str = "clusters/east/{service}", fields: tuple[str, ...] = (), **versions: str
) -> Plan:
    desired = [
        DesiredVersion(name, version, tuple(parse_field(field) for field in fields))
        for name, version in versions.items()
    ]
    return plan_adopted(repository.remote, path, desired, cache=repository.cache)


def refusal(repository: Repository, path: str = "clusters/east/{service}", *fields: str) -> str:
    with pytest.raises(BadInputError) as caught:
        plan(repository, path, fields, shop="v2")
    return str(caught.value)


def apply(repository: Repository, planned: Plan) -> bool:
    return apply_plan(repository.remote, planned, stack="prod", cache=repository.cache).made


def test_one_value_changes_and_no_other_byte(repository: Repository) -> None:
    repository.commit(write={FILE: workload(), "clusters/east/stock/x.yaml": workload(name="stock")})
    planned = plan(repository, shop="v2")
    (edit,) = planned.edits
    assert (*edit.key, edit.service, edit.line) == (
        *(FILE, "/0/spec/template/metadata/labels/version", "v1", "v2"),
        *("shop", 9),
    )
    assert planned.changes == (VersionChange("shop", "v1", "v2", "clusters/east/shop"),)
    assert planned.diff.splitlines()[4:] == [
        "@@ -6,7 +6,7 @@ spec:",
        "     template:",
        "         metadata:",
        "             labels:",
        "-                version: v1   # what runs",
        "+                version: v2   # what runs",
        '                 app: "shop"',
        "         spec:",
        "             containers: [{name: main, image: 'team/shop:v1'}]",
    ]
    assert apply(repository, planned)
    assert repository.read(FILE) == workload("v2")
    assert repository.log() == ["Release shop v1 -> v2", "by hand"]


def test_and_back_is_the_file_as_it_was(repository: Repository) -> None:
    repository.commit(write={FILE: workload()})
    tree = repository.git("rev-parse", "main^{tree}")
    assert apply(repository, plan(repository, shop="v2"))
    assert apply(repository, plan(repository, shop="v1"))
    assert repository.git("rev-parse", "main^{tree}") == tree


def test_nothing_to_change_has_no_edits(repository: Repository) -> None:
    repository.commit(write={FILE: workload()})
    planned = plan(repository, shop="v1")
    assert (planned.edits, planned.changes, planned.diff, planned.findings) == ((), (), "", ())
    assert not apply(repository, planned)


def test_all_fields_of_all_services_go_into_one_commit(repository: Repository) -> None:
    repository.commit(write={"all.yaml": f"{workload()}\n---\n{workload(name='stock', image='stock:v1')}"})
    planned = plan(repository, "all.yaml", ("label:version", "image"), shop="v2", stock="v3")
    assert planned.findings == ()
    assert apply(repository, planned)
    expected = f"{workload('v2', image='team/shop:v2')}\n---\n{workload('v3', 'stock', 'stock:v3')}"
    assert repository.read("all.yaml") == expected
    assert repository.log() == ["Release 2 services of prod", "by hand"]


def test_a_field_that_cannot_be_found_keeps_the_others_from_changing(repository: Repository) -> None:
    repository.commit(write={FILE: workload()})
    assert refusal(repository, "clusters/east/{service}", "label:version", "image:proxy").startswith(
        "clusters/east/shop: there is no image:proxy for shop; what there is: container main (" + FILE + ":12);"
    )


def test_every_cluster_that_has_the_service_changes_where_none_is_named(repository: Repository) -> None:
    west = "clusters/west/shop/a.yml"
    repository.commit(write={FILE: workload(), west: workload("v0"), "clusters/north/stock/a.yaml": workload()})
    repository.commit(write={"clusters/now": "east"}, modes={"clusters/now": "120000"})
    planned = plan(repository, "clusters/{cluster}/{service}", shop="v2")
    assert [(edit.file, edit.old) for edit in planned.edits] == [(FILE, "v1"), (west, "v0")]
    assert planned.changes == (
        VersionChange("shop", "v1", "v2", "clusters/east/shop"),
        VersionChange("shop", "v0", "v2", "clusters/west/shop"),
    )


def test_an_image_that_stays_and_fields_that_disagree_are_findings(repository: Repository) -> None:
    repository.commit(write={FILE: workload()})
    label = "label version of Rollout shop"
    assert plan(repository, shop="v2").findings == (
        Finding("image-unchanged", f"{label} becomes v2, and the image stays team/shop:v1", "shop", FILE, 9),
    )
    fields = ("label:version", "image=v{version}")
    assert plan(repository, fields=fields, shop="2").findings == (
        Finding(
            "fields-disagree",
            f"the fields do not agree: {label} is 'v1' ({FILE}:9), "
            f"image of main in Rollout shop is 'team/shop:v1' ({FILE}:12)",
            "shop",
            FILE,
            9,
        ),
    )


def test_an_image_that_stays_where_a_kustomization_sets_the_label_is_a_finding(repository: Repository) -> None:
    files = {"live/kustomization.yaml": "resources: [r.yaml]\ncommonLabels: {version: v1}\n", "live/r.yaml": workload()}
    repository.commit(write=files)
    (finding,) = (each for each in plan(repository, "live", shop="v2").findings if each.kind == "image-unchanged")
    assert finding.message == "label version of the kustomization becomes v2, and the image stays team/shop:v1"


def test_the_last_line_of_a_diff_keeps_its_line_ending(repository: Repository) -> None:
    repository.commit(write={"live/values.yaml": b"image:\r\n  tag: v1\r\n"})
    diff = plan(repository, "live", ("helm:values.yaml#image.tag",), shop="v2").diff
    assert diff.endswith(" image:\r\n-  tag: v1\r\n+  tag: v2\r\n")


def test_a_path_that_is_no_manifest_does_not_stand_in_the_way_of_a_field(repository: Repository) -> None:
    repository.commit(write={"live/shop.yaml": "{{ .Values.shop }}: [\n", "live/values.yaml": "image: {tag: v1}\n"})
    planned = plan(repository, "live/shop.yaml", ("helm:values.yaml#image.tag",), shop="v2")
    assert ([edit.new for edit in planned.edits], planned.timeline) == (["v2"], ())


def test_a_broken_rollout_beside_the_version_is_a_finding(repository: Repository) -> None:
    files = {"live/r.yaml": "kind: Rollout\nmetadata: {name: shop\n", "live/values.yaml": "image: {tag: v1}\n"}
    repository.commit(write=files)
    (finding,) = plan(repository, "live", ("helm:values.yaml#image.tag",), shop="v2").findings
    assert (finding.kind, finding.message.partition("live/r.yaml")[0]) == ("unreadable", "it was passed over: ")


def test_files_beside_the_clusters_folders_are_no_clusters(repository: Repository) -> None:
    beside = {"live/README.md": "# shop: [\n", "live/.gitattributes": "*.png shop\n"}
    repository.commit(write={"live/east/shop.yaml": workload(), **beside})
    assert [edit.file for edit in plan(repository, "live/{cluster}", shop="v2").edits] == ["live/east/shop.yaml"]


def test_two_services_that_want_different_texts_in_one_place_are_refused(repository: Repository) -> None:
    repository.commit(write={"values.yaml": "tag: v1\n"})
    with pytest.raises(BadInputError) as caught:
        plan(repository, "", ("helm:values.yaml#tag",), shop="v2", stock="v3")
    assert str(caught.value) == (
        "values.yaml:1 /0/tag: shop wants v2 there and stock wants v3; expected fields that differ"
    )
    assert plan(repository, "", ("helm:/values.yaml#tag",), shop="v2", stock="v2").edits[0].new == "v2"


def test_versions_are_read_as_they_stand(repository: Repository) -> None:
    head = repository.commit(write={FILE: workload("v7"), "clusters/east/broken/a.yaml": "a: [\nname: broken\n"})
    desired = [DesiredVersion("shop", "v1"), DesiredVersion("shop2", "v1"), DesiredVersion("broken", "v1")]
    versions = read_adopted(repository.remote, "clusters/east/{service}", desired, cache=repository.cache)
    assert versions == (head, {"shop": "v7", "shop2": None, "broken": None})


def test_a_value_that_moved_since_the_plan_is_a_conflict_and_a_comment_is_none(repository: Repository) -> None:
    repository.commit(write={FILE: workload()})
    planned = plan(repository, shop="v2")
    repository.commit("a comment", write={FILE: "# new\n" + workload()})
    assert apply(repository, planned)
    assert repository.read(FILE) == "# new\n" + workload("v2")
    repository.commit("hotfix", write={FILE: workload("v9")})
    with pytest.raises(ConflictError, match="hotfix"):
        apply(repository, planned)


def test_files_that_cannot_be_read_matter_only_when_nothing_else_is_found(repository: Repository) -> None:
    broken = "# shop\nkind: Rollout\nmetadata: {name: shop\n"
    repository.commit(write={FILE: workload(), "clusters/east/shop/broken.yaml": broken})
    assert plan(repository, shop="v2").edits[0].file == FILE
    repository.commit(remove=(FILE,))
    assert refusal(repository).startswith("clusters/east/shop/broken.yaml:4:")
    assert refusal(repository, "clusters/east/shop/broken.yaml").startswith("clusters/east/shop/broken.yaml:4:")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("kind: Rollout\nkind: Rollout\n# shop\n", "rollout.yaml:2"),
        ("# shop \xff\n".encode("latin-1"), "rollout.yaml"),
        ("# shop\n" + "a: " + "[" * 2000, "rollout.yaml"),
        (b"# shop\n" + b"x" * (50 << 20), "rollout.yaml: the file has 52428807 bytes"),
    ],
    ids=["a key twice", "no UTF-8", "too deep", "50 MB"],
)
def test_a_hostile_file_is_one_sentence(repository: Repository, content: str | bytes, words: str) -> None:
    repository.commit(write={FILE: content})
    for path in ("clusters/east/{service}", FILE):
        sentence = refusal(repository, path)
        assert words in sentence
        assert "\n" not in sentence


def test_a_thousand_documents_are_read(repository: Repository) -> None:
    many = "---\n".join(workload(name=f"shop-{number}") + "\n" for number in range(999))
    repository.commit(write={FILE: f"{many}---\n{workload()}"})
    assert plan(repository, shop="v2").edits[0].pointer == "/999/spec/template/metadata/labels/version"


@pytest.mark.parametrize("path", ["../east", "clusters/../east", "clusters/{service}/.git", "a\nb"])
def test_a_path_that_leaves_the_tree_is_refused(repository: Repository, path: str) -> None:
    repository.commit(write={FILE: workload()})
    assert "is not a path inside the repository" in refusal(repository, path)


@pytest.mark.parametrize("field", ["helm:../values.yaml#a", "path:/../values.yaml#/a"])
def test_a_file_of_a_field_that_leaves_the_tree_is_refused(repository: Repository, field: str) -> None:
    repository.commit(write={FILE: workload()})
    assert "is not a path inside the repository" in refusal(repository, "clusters/east", field)


@pytest.mark.parametrize("link", ["clusters", "clusters/east/shop", FILE])
def test_a_symbolic_link_is_never_followed(repository: Repository, link: str) -> None:
    repository.commit(write={link: "/etc"}, modes={link: "120000"})
    assert "a symbolic link" in refusal(repository, FILE)


def test_a_link_among_the_files_of_a_folder_is_passed_over(repository: Repository) -> None:
    link = "clusters/east/shop/link.yaml"
    repository.commit(write={FILE: workload(), link: "rollout.yaml"}, modes={link: "120000"})
    assert [edit.file for edit in plan(repository, shop="v2").edits] == [FILE]


def test_a_missing_path_and_an_empty_repository_are_errors(repository: Repository) -> None:
    assert refusal(repository) == (
        f"repository {repository.remote.url}: the repository is empty; expected the files of the services"
    )
    repository.commit(write={FILE: workload()})
    assert refusal(repository, "{service}/x") == "shop/x: there is no such file or folder in the repository"
    assert refusal(repository, "areas/{cluster}") == (
        "areas/{cluster}: nothing in the repository is where the clusters should be"
    )


def test_an_expression_is_refused_with_the_values_file_that_feeds_it(repository: Repository) -> None:
    template = workload(image="{{ .Values.repository }}:{{ .Values.tag }}").replace("version: v1", "tier: web")
    chart = {"chart/Chart.yaml": "name: shop\n", "chart/values.yaml": "repository: team/shop\ntag: v1\n"}
    repository.commit(write={**chart, "chart/templates/shop.yaml": template})
    assert refusal(repository, "chart/templates") == (
        "chart/templates/shop.yaml:12 /0/spec/template/spec/containers/0/image: image of main in Rollout shop holds "
        "the expression {{ .Values.tag }}, which is not a value; expected a field such as "
        "helm:/chart/values.yaml#tag (v1, chart/values.yaml:2)"
    )
    planned = plan(repository, "chart/templates", ("helm:/chart/values.yaml#tag",), shop="v2")
    assert [(edit.file, edit.old, edit.new) for edit in planned.edits] == [("chart/values.yaml", "v1", "v2")]


def test_a_field_in_a_base_that_the_overlay_sets_again_is_refused(repository: Repository) -> None:
    base = workload().replace("version: v1", "tier: web")
    images = "images: [{name: team/shop, newTag: v1}]\n"
    overlay = {"live/kustomization.yaml": f"resources: [../base]\n{images}"}
    repository.commit(write={"base/a.yaml": base, "base/kustomization.yaml": "resources: [a.yaml]\n", **overlay})
    field = "path:/base/a.yaml#0/spec/template/spec/containers/0/image"
    assert refusal(repository, "live", field) == (
        "base/a.yaml:12: a change of value 0/spec/template/spec/containers/0/image would change nothing: kustomization "
        "image team/shop (live/kustomization.yaml:2) is set after it; "
        "expected the field path:/live/kustomization.yaml#0/images/0/newTag"
    )


def test_the_mode_of_a_file_stays_and_is_no_part_of_the_diff(repository: Repository) -> None:
    repository.commit(write={FILE: workload()}, modes={FILE: "100755"})
    planned = plan(repository, shop="v2")
    assert "mode" not in planned.diff
    assert apply(repository, planned)
    assert repository.git("ls-tree", "main", FILE).split()[0] == "100755"


def test_the_fields_and_the_path_decide_the_hash_besides_the_edits(repository: Repository) -> None:
    repository.commit(write={FILE: workload()})
    one = plan(repository, shop="v2")
    others = [plan(repository, fields=("label:version",), shop="v2"), plan(repository, FILE, shop="v2")]
    repository.commit(write={"README": "hello"})
    assert plan(repository, shop="v2").hash == one.hash
    assert [other.edits for other in others] == [one.edits] * 2
    assert len({one.hash, *(other.hash for other in others)}) == 3


def test_the_hash_is_the_same_however_path_and_fields_are_spelled(repository: Repository) -> None:
    repository.commit(write={FILE: workload()})
    fields = ("label:version", "image")
    hashes = {
        plan(repository, path, order, shop="v2").hash
        for path in ("clusters/east/shop", "/clusters/east/shop/")
        for order in (fields, fields[::-1])
    }
    assert len(hashes) == 1


def test_a_folder_without_the_file_of_a_field_is_passed_over_like_one_without_the_workload(
    repository: Repository,
) -> None:
    repository.commit(write={"helm/east/values.yaml": "tag: v1\n", "helm/templates/x.yaml": "a: 1\n"})
    planned = plan(repository, "helm/{cluster}", ("helm:values.yaml#tag",), shop="v2")
    assert [edit.file for edit in planned.edits] == ["helm/east/values.yaml"]


def test_who_changed_a_file_is_known_past_a_time_when_its_folder_had_another_name(repository: Repository) -> None:
    repository.commit(write={FILE.replace("clusters", "Clusters"): workload()})
    theirs = repository.commit("rename", write={FILE: workload("v9")}, remove=(FILE.replace("clusters", "Clusters"),))
    planned = plan(repository, shop="v2")
    (hold,) = find_holds(repository.remote, planned, written=lambda: {"shop": "v1"}, cache=repository.cache)
    assert (hold.kind, hold.version, hold.origin) == ("other-in-git", "v9", Origin("Ada", theirs, subject="rename"))


@pytest.mark.parametrize("path", [".", "./clusters/east", "clusters/./east/shop/", "/"])
def test_a_path_may_be_written_as_people_write_them(repository: Repository, path: str) -> None:
    repository.commit(write={FILE: workload()})
    assert [edit.file for edit in plan(repository, path, shop="v2").edits] == [FILE]


def test_clusters_in_which_nothing_changes_are_listed_with_their_reasons(repository: Repository) -> None:
    repository.commit(
        write={
            FILE: workload(),
            "clusters/new/shop/rollout.yaml": workload("v2"),
            "clusters/old/stock/rollout.yaml": workload(name="stock"),
            "clusters/other/shop/rollout.yaml": workload(name="store"),
            "clusters/west": "east",
        },
        modes={"clusters/west": "120000"},
    )
    planned = plan(repository, "clusters/{cluster}/{service}", shop="v2")
    left = [(finding.file, finding.message) for finding in planned.findings if finding.kind == "left-out"]
    assert left == [
        ("clusters/old/shop", "clusters/old/shop is left out: there is no such file or folder"),
        (
            "clusters/west/shop",
            "clusters/west/shop is left out: it is a symbolic link to east, which is not followed",
        ),
        (
            "clusters/other/shop",
            (
                "clusters/other/shop is left out: nothing holds the version of shop; "
                "what there is: Rollout store (clusters/other/shop/rollout.yaml:2)"
            ),
        ),
        ("clusters/new/shop", "clusters/new/shop is left out: it has v2 already"),
    ]


def test_a_cluster_whose_file_cannot_be_read_is_an_error_and_not_left_out(repository: Repository) -> None:
    broken = workload().replace("name: 'shop'", "name: 'shop")
    repository.commit(write={FILE: workload(), "clusters/west/shop/rollout.yaml": broken + "# {{ args.svc }}\n"})
    with pytest.raises(BadInputError) as caught:
        plan(repository, "clusters/{cluster}/{service}", shop="v2")
    assert str(caught.value).startswith("clusters/west/shop/rollout.yaml:")


def test_the_templates_of_a_chart_need_not_be_yaml(repository: Repository) -> None:
    template = "{{- if .Values.shop }}\nkind: Deployment\n{{- end }}\n"
    repository.commit(
        write={
            FILE: workload(),
            "clusters/east/shop/Chart.yaml": "name: x\n",
            "clusters/east/shop/templates/a.yaml": template,
        }
    )
    found = plan(repository, shop="v2").findings
    assert [(finding.kind, finding.rule) for finding in found] == [("image-unchanged", ""), ("lint", "not-judged")]


ALIASES = """\
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      initContainers: [{name: init, image: &img 'team/init:v1'}]
      containers: [{name: main, image: *img}]
"""


@pytest.mark.parametrize(
    ("field", "line", "what"),
    [
        (
            "image:main",
            "containers",
            "the alias *img (line 7) brings the value from &img; expected the value written out",
        ),
        (
            "image:init",
            "initContainers",
            (
                "the value belongs to the anchor &img, used again in line 7, which would change too; "
                "expected the value written out"
            ),
        ),
    ],
)
def test_an_alias_leads_to_all_of_its_places(repository: Repository, field: str, line: str, what: str) -> None:
    repository.commit(write={"live/shop.yaml": ALIASES})
    sentence = refusal(repository, "live", field)
    spec = "/0/spec/template/spec"
    fields = [f"path:/live/shop.yaml#{spec[1:]}/{key}/0/image" for key in ("initContainers", "containers")]
    assert sentence == (
        f"live/shop.yaml:{6 if field == 'image:init' else 7} {spec}/{line}/0/image: {what}, "
        f"or all of its places in one plan: the fields {', '.join(fields)}"
    )
    planned = plan(repository, "live", tuple(fields), shop="v2")
    assert apply(repository, planned)
    assert repository.read("live/shop.yaml") == ALIASES.replace("v1", "v2")
