"""What an Application ignores, word for word."""

from meshroll.manifests.argocd import ignore_differences

RULE = {
    "group": "networking.istio.io",
    "kind": "DestinationRule",
    "jqPathExpressions": ['.spec.subsets[]?.labels["rollouts-pod-template-hash"]'],
}


def test_weights_and_hashes_are_ignored_without_managed_routes():
    assert ignore_differences(()) == [
        {
            "group": "networking.istio.io",
            "kind": "VirtualService",
            "jqPathExpressions": [".spec.http[]?.route[]?.weight"],
        },
        RULE,
    ]


def test_managed_routes_are_ignored_by_name_and_once():
    assert ignore_differences(["test-v2", 'a"b\\(c)', "test-v2"]) == [
        {
            "group": "networking.istio.io",
            "kind": "VirtualService",
            "jqPathExpressions": [
                ".spec.http[]?.route[]?.weight",
                '.spec.http[]? | select(.name == "test-v2")',
                '.spec.http[]? | select(.name == "a\\"b\\\\(c)")',
            ],
        },
        RULE,
    ]
