"""Objects that are in order, however unusual."""

from __future__ import annotations

from tests.support.lint.objects import (
    NAME,
    Object,
    between_services,
    between_subsets,
    by_kind,
    canary_of,
    istio,
    rollout,
    routes_of,
    routing_of,
    service,
    to,
)
from tests.support.lint.variations import (
    CANARY,
    LANE,
    analysed,
    analysis_template,
    autoscaler,
    changed,
    gateway,
    ingress,
    lane,
    nginx,
    of_stream,
    services,
    spec_of,
    subsets,
    taking_over,
    third,
)
from tests.unit.manifests.lint.faults import mesh, order

GOOD: list[tuple[str, list[Object]]] = [
    ("two Services", between_services()),
    ("two subsets", between_subsets()),
    ("a namespace in Git for some only", services(lambda o: o[-1]["metadata"].update(namespace="prod"))),
    ("a Deployment's pods", taking_over()),
    ("tls alone", of_stream("tls")),
    ("tcp alone", of_stream("tcp")),
    ("weights that fall and repeat", between_services(steps=[{"setWeight": w} for w in (50, 20, 20, 80)])),
    (
        "a header route without a pause next",
        lane({"setCanaryScale": {"weight": 25}}, LANE, {"setWeight": 20}, {"pause": {}}),
    ),
    (
        "a mirror route",
        lane(
            {"setWeight": 5},
            {"setMirrorRoute": {"name": "lane", "percentage": 5, "match": [{"path": {"prefix": "/"}}]}},
        ),
    ),
    (
        "full hosts without a namespace in Git",
        subsets(
            lambda o: by_kind(o, "DestinationRule")["spec"].update(host="shop.prod.svc.cluster.local"),
            lambda o: [
                part["destination"].update(host="shop.prod.svc.cluster.local") for part in routes_of(o)[0]["route"]
            ],
        ),
    ),
    (
        "name.namespace",
        services(
            lambda o: routing_of(o)["istio"]["virtualService"].update(name="shop.edge"),
            lambda o: [item["metadata"].update(namespace="prod") for item in o],
            lambda o: by_kind(o, "VirtualService")["metadata"].update(namespace="edge"),
            lambda o: [
                part["destination"].update(host=part["destination"]["host"] + ".prod.svc.cluster.local")
                for part in routes_of(o)[0]["route"]
            ],
        ),
    ),
    (
        "ping and pong",
        services(
            lambda o: [canary_of(o).pop(key) for key in ("stableService", "canaryService")],
            lambda o: canary_of(o).update(pingPong={"pingService": NAME, "pongService": CANARY}),
        ),
    ),
    (
        "one route without a name",
        services(
            lambda o: routes_of(o)[0].pop("name"), lambda o: routing_of(o)["istio"]["virtualService"].pop("routes")
        ),
    ),
    (
        "a list of VirtualServices",
        services(
            lambda o: routing_of(o)["istio"].update(virtualServices=[routing_of(o)["istio"].pop("virtualService")])
        ),
    ),
    (
        "a ServiceEntry's host",
        services(
            lambda o: o.append(istio("ServiceEntry", "old", {"hosts": ["*.old.example"]})),
            lambda o: routes_of(o).insert(
                0, {"match": [{"uri": {"prefix": "/old"}}], "route": [to("api.old.example", 100)]}
            ),
        ),
    ),
    (
        "a host outside",
        services(
            lambda o: routes_of(o).append({"match": [{"uri": {"prefix": "/old"}}], "route": [to("old.example", 100)]})
        ),
    ),
    (
        "relative weights",
        services(
            lambda o: routes_of(o).append({"match": [{"uri": {"prefix": "/x"}}], "route": [to(NAME, 1), to(CANARY, 3)]})
        ),
    ),
    (
        "wildcard hosts",
        services(
            lambda o: by_kind(o, "VirtualService")["spec"].update(hosts=["*.example"], gateways=["public"]),
            lambda o: o.append(gateway("public", "shop.example")),
        ),
    ),
    (
        "a Gateway of another namespace",
        services(lambda o: by_kind(o, "VirtualService")["spec"].update(gateways=["istio-system/public", "mesh"])),
    ),
    (
        "one name in two API groups",
        services(
            lambda o: o.append(
                {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": NAME}, "spec": {}}
            )
        ),
    ),
    (
        "a hash in a selector",
        services(lambda o: o[0]["spec"]["selector"].update({"rollouts-pod-template-hash": "abc"})),
    ),
    ("nginx", nginx(ingress(NAME))),
    ("an Ingress from elsewhere", nginx()),
    (
        "an analysis with its argument",
        analysed(analysis_template(args=[{"name": "x"}]), args=[{"name": "x", "value": "1"}]),
    ),
    (
        "an endless analysis in the background",
        changed(
            [changed([analysis_template()], lambda o: o[0]["spec"]["metrics"][0].pop("count"))[0], *between_services()],
            lambda o: canary_of(o).update(analysis={"templates": [{"templateName": "rate"}]}),
        ),
    ),
    ("an autoscaler alone", [*services(lambda o: spec_of(o).pop("replicas")), autoscaler()]),
    (
        "one host on the mesh and on a gateway",
        services(
            lambda o: o.append(
                istio(
                    "VirtualService",
                    "outside",
                    {"hosts": [NAME], "gateways": ["infra/public"], "http": [{"route": [to(NAME, 100)]}]},
                )
            )
        ),
    ),
    (
        "a redirect before the steered route",
        services(lambda o: routes_of(o).insert(0, {"match": [{"uri": {"exact": "/"}}], "redirect": {"uri": "/home"}})),
    ),
    ("a third destination without weight", third(0)),
    (
        "two Gateways of one host on two ports",
        services(lambda o: o.extend([gateway("one", "*"), gateway("two", "*", port=81)])),
    ),
    ("a Rollout without traffic routing", [rollout({})]),
    (
        "blue and green",
        [
            service(NAME),
            service(CANARY),
            rollout({}, strategy={"blueGreen": {"activeService": NAME, "previewService": CANARY}}),
        ],
    ),
    ("durations of Go", between_services(steps=[{"pause": {"duration": d}} for d in ("1.5h", "500ms", 30, "30")])),
    ("an object that is only a part", [{"kind": "Rollout", "metadata": {"name": NAME}}]),
    ("two Gateways of one port with other hosts behind each", mesh.two_gateways("shop.example", "b.example")),
    (
        "a destination whose port is called tcp",
        services(lambda o: by_kind(o, "Service", 1)["spec"]["ports"][0].update(name="tcp-shop")),
    ),
    (
        "one of the ports that clients call is HTTP",
        services(lambda o: o[0]["spec"]["ports"].append({"name": "tcp-admin", "port": 81})),
    ),
    *order.GOOD,
]
