"""The custom resource definitions that the clusters are seeded with: read from the pinned modules, never copied.

They are turned into JSON once, at build time, beside the built parts: reading them as YAML takes seconds. GlobalMesh
is the exception: its definition is not public, so ours accepts any field.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from meshroll.errors import UnavailableError
from meshroll.sandbox.build.builder import Progress
from meshroll.sandbox.build.gotool import MODULES, Go, needed_go, run_go
from meshroll.sandbox.state import files

Object = dict[str, Any]
_FORMAT = "1"


@dataclass(frozen=True)
class CrdSource:
    """Definitions inside a Go module: `module` is our folder that pins it, `files` a pattern below its root."""

    name: str
    module: str
    path: str
    files: str


SOURCES = (
    CrdSource("argocd", "argocd", "github.com/argoproj/argo-cd/v3", "manifests/crds/*-crd.yaml"),
    CrdSource("rollouts", "kubernetes", "github.com/argoproj/argo-rollouts", "manifests/crds/*-crd.yaml"),
    CrdSource("istio", "mesh", "istio.io/istio", "manifests/charts/base/files/crd-all.gen.yaml"),
)
GLOBAL_MESH = Path(__file__).parent / "definitions" / "globalmesh.yaml"


@dataclass(frozen=True)
class Definitions:
    """The definitions by source, and one hash for each that changes when they do."""

    folder: Path

    def of(self, source: str) -> list[Object]:
        """The definitions of a source; `globalmesh` is the one of our own."""
        if source == "globalmesh":
            return parse(GLOBAL_MESH.read_text(encoding="utf-8"))
        return list(json.loads((self.folder / f"{source}.json").read_text(encoding="utf-8")))


def ensure(cache: Path, progress: Progress) -> Definitions:
    """Read the definitions out of the modules, unless that has been done."""
    target = folder(cache)
    if not target.exists():
        go = Go.find(needed_go())
        with files.locked(cache / ".crds.lock"):
            if not target.exists():
                _read(target, go, progress)
    return Definitions(target)


def folder(cache: Path) -> Path:
    """Where the definitions are, or would be."""
    return cache / f"crds-{_key(SOURCES)}"


def parse(text: str) -> list[Object]:
    """The custom resource definitions in a YAML file; other documents in it are left out."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = yaml.load_all(text, Loader=loader)
    return [document for document in documents if document and document.get("kind") == "CustomResourceDefinition"]


def _read(target: Path, go: Go, progress: Progress) -> None:
    progress("reading the custom resource definitions of the parts")
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=".crds-"))
    try:
        for source in SOURCES:
            arguments = ["mod", "download", "-json", source.path]
            printed = run_go(arguments, go, MODULES / source.module, f"CRDs of {source.name}")
            module = Path(json.loads(printed)["Dir"])
            found = [
                crd for file in sorted(module.glob(source.files)) for crd in parse(file.read_text(encoding="utf-8"))
            ]
            if not found:
                raise UnavailableError(f"module {source.path} holds no {source.files}", where="building crds")
            (temporary / f"{source.name}.json").write_text(json.dumps(found), encoding="utf-8")
        temporary.chmod(0o755)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _key(sources: Sequence[CrdSource]) -> str:
    digest = hashlib.sha256((_FORMAT + repr(sources)).encode())
    for module in sorted({source.module for source in sources}):
        digest.update((MODULES / module / "go.mod").read_bytes())
    return digest.hexdigest()[:16]
