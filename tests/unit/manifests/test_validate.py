"""Validators through their one interface, on schemas as an API server publishes them."""

import pytest

from meshroll.errors import BadInputError, MeshrollError, UnavailableError
from meshroll.manifests.problem import Problem
from meshroll.manifests.validate import (
    DryRunValidator,
    OpenApiValidator,
    check,
    fetch_documents,
)

CORE = {
    "components": {
        "schemas": {
            "io.k8s.api.core.v1.Thing": {
                "type": "object",
                "properties": {
                    "apiVersion": {"type": "string"},
                    "kind": {"type": "string"},
                    "metadata": {"allOf": [{"$ref": "#/components/schemas/Meta"}], "default": {}},
                    "spec": {"$ref": "#/components/schemas/Spec"},
                },
                "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Thing"}],
            },
            "Meta": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "namespace": {"type": "string"},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
            "Spec": {
                "type": "object",
                "properties": {
                    "port": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
                    "count": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
                    "list": {"type": "array", "items": {"allOf": [{"$ref": "#/components/schemas/Item"}]}},
                    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"a": {}}},
                    "any": {"type": "object"},
                },
            },
            "Item": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
        }
    }
}


def thing(**spec):
    return {
        "apiVersion": "v1",
        "kind": "Thing",
        "metadata": {"name": "t", "namespace": "n", "labels": {"a": "b"}},
        "spec": spec,
    }


class FakeCluster:
    """Knows namespaces and refuses what it is told to."""

    def __init__(self, namespaces=("n",), error=None):
        self.namespaces = namespaces
        self.error = error
        self.applied = []

    def get(self, api_version, kind, name, namespace=None):
        return {} if name in self.namespaces else None

    def apply(self, body, **options):
        self.applied.append((body, options))
        if self.error:
            raise self.error
        return body


class RefusedError(MeshrollError):
    """As a cluster's API refuses."""

    def __init__(self, what, status):
        super().__init__(what)
        self.status = status


def test_a_good_object_has_no_problems():
    good = thing(port="http", count=1, list=[{"name": "a"}], free={"a": 1, "b": 2}, any={"x": {"y": 1}})
    validator = OpenApiValidator({"v1": CORE})
    assert (validator.problems([good]), validator.notes([good])) == ([], [])


@pytest.mark.parametrize(
    ("spec", "pointer", "message"),
    [
        ({"prot": 1}, "/spec/prot", "unknown field `prot`"),
        ({"list": [{"name": "a", "b": 1}]}, "/spec/list/0/b", "unknown field `b`"),
        ({"list": [{}]}, "/spec/list/0", "'name' is a required property"),
        ({"count": "1"}, "/spec/count", "'1' is not of type 'integer'"),
        ({"count": 1.0}, "/spec/count", "1.0 is not of type 'integer'"),
        ({"count": 0}, "/spec/count", "0 is less than or equal to the minimum of 0"),
    ],
)
def test_an_object_that_its_schema_refuses(spec, pointer, message):
    assert OpenApiValidator({"v1": CORE}).problems([thing(**spec)]) == [Problem(pointer, message, file="Thing n/t")]


def test_a_wrong_label_is_found_behind_a_wrapped_reference():
    bad = thing()
    bad["metadata"]["labels"]["a"] = 1
    assert OpenApiValidator({"v1": CORE}).problems([bad]) == [
        Problem("/metadata/labels/a", "1 is not of type 'string'", file="Thing n/t")
    ]


@pytest.mark.parametrize("documents", [{}, {"v1": {"components": {"schemas": {}}}}])
def test_a_kind_the_cluster_does_not_know_is_a_problem(documents):
    assert OpenApiValidator(documents).problems([thing()]) == [
        Problem("/kind", "the cluster does not know Thing of v1", file="Thing n/t")
    ]


def test_documents_are_fetched_for_each_api_version_once():
    asked = []

    def get_raw(path):
        asked.append(path)
        if "missing" in path:
            raise RefusedError("not found", 404)
        return {"path": path}

    versions = ["v1", "argoproj.io/v1alpha1", "v1", "missing.io/v1"]
    documents = fetch_documents(get_raw, [{"apiVersion": version} for version in versions])
    assert asked == ["/openapi/v3/apis/argoproj.io/v1alpha1", "/openapi/v3/apis/missing.io/v1", "/openapi/v3/api/v1"]
    assert sorted(documents) == ["argoproj.io/v1alpha1", "v1"]


def test_documents_that_a_server_fails_to_give_are_an_error():
    def get_raw(path):
        raise RefusedError("boom", 500)

    with pytest.raises(RefusedError):
        fetch_documents(get_raw, [thing()])


def test_a_dry_run_asks_the_cluster_and_persists_nothing():
    cluster = FakeCluster()
    assert DryRunValidator(cluster).problems([thing()]) == []
    options = {"field_manager": "meshroll", "force": True, "dry_run": True, "strict": True}
    assert cluster.applied == [(thing(), options)]


def test_what_the_cluster_refuses_is_a_problem():
    cluster = FakeCluster(error=RefusedError('unknown field "spec.x"', 400))
    assert DryRunValidator(cluster).problems([thing()]) == [Problem("", 'unknown field "spec.x"', file="Thing n/t")]


def test_a_cluster_that_cannot_be_asked_is_no_problem_of_the_object():
    with pytest.raises(UnavailableError):
        DryRunValidator(FakeCluster(error=UnavailableError("gone"))).problems([thing()])


def test_without_its_namespace_the_dry_run_is_skipped_and_says_so():
    cluster = FakeCluster(namespaces=())
    validator = DryRunValidator(cluster)
    assert validator.problems([thing(), thing()]) == []
    assert validator.notes([thing(), thing()]) == ["the dry run is skipped: the namespace n does not exist yet"]
    assert cluster.applied == []


def test_check_raises_the_first_problem_and_answers_all_notes():
    skipped = DryRunValidator(FakeCluster(namespaces=()))
    schemas = OpenApiValidator({"v1": CORE})
    assert check([skipped, schemas], [thing()]) == ["the dry run is skipped: the namespace n does not exist yet"]
    with pytest.raises(BadInputError) as caught:
        check([skipped, schemas], [thing(prot=1)])
    assert str(caught.value) == "Thing n/t /spec/prot: unknown field `prot`"
