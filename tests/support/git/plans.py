"""Plans for tests: one scalar in an adopted repository, and a whole file in a rendered one."""

from __future__ import annotations

import hashlib

from meshroll.gitops.plans import Canary, Edit, Finding, Move, Plan, ServiceSettings, VersionChange
from meshroll.manifests.timeline import Header, Stage, Timeline

FILE = "clusters/w/rollout.yaml"
POINTER = "/0/spec/template/metadata/labels/version"
ANCHOR = "/Rollout ~1provider/spec/template/metadata/labels/version"


def blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


CANARY = Timeline(
    (Stage(1, 5, (), 600), Stage(3, 5, (Header("lane", "exact", "new"),))),
    ("5% for 10m", "lane: new and 5% of the rest until promoted"),
)
SCALAR = Plan(
    url="https://git.example/rollouts.git",
    branch="main",
    base="d" * 40,
    edits=(Edit(FILE, POINTER, "v1", "v2", "provider", 12, "a" * 40, ANCHOR),),
    changes=(VersionChange("provider", "v1", "v2"),),
    diff="--- a/x\n+++ b/x\n@@ -12 +12 @@\n-        version: v1\n+        version: v2\n",
    findings=(Finding("image-unchanged", "the image stays img:1", "provider", FILE, 12),),
    applications=(Move("shop-w", "w", 1),),
    timeline=(Canary("provider", CANARY),),
    stack="prod",
    settings={"provider": (ServiceSettings("clusters/w", ("label:version",)),)},
)
WHOLE = Plan(
    url="file:///rollouts.git",
    branch="main",
    base="",
    edits=(
        Edit("live/a/one.yaml", "", "", blob(b"one: \xc3\xa9\r\n"), "a"),
        Edit("live/a/two.yaml", "", "b" * 40, blob(b"\xff"), "a", blob="b" * 40),
        Edit("live/a/zero.yaml", "", "c" * 40, "", "a", blob="c" * 40),
    ),
    changes=(VersionChange("a", None, "v1"),),
    diff="diff\n",
    contents={"live/a/one.yaml": b"one: \xc3\xa9\r\n", "live/a/two.yaml": b"\xff"},
    stack="prod",
    settings={"a": (ServiceSettings("live", template="weight"),)},
)
