"""A small valid stack file to vary, and the environment it needs."""

from pathlib import Path

ENVIRON = {"KUBECONFIG_FILE": "/etc/kube", "TOKEN": "s3cret-token"}

TEXT = """\
encryptionsalt: v1:abc
config:
  aws:region: x
  meshroll:format: 1
  meshroll:clusters:
    host: {context: host, kubeconfig: {env: KUBECONFIG_FILE}}
    east: {context: east}
  meshroll:mesh:
    provider: mspider
    name: mesh
    version: "0.27.0"
    global: host
    host: host
    workers: [east]
  meshroll:argocd: {cluster: host, project: shop}
  meshroll:repository:
    url: https://git.example/rollouts.git
    path: clusters/{cluster}
    credentials: {password: {env: TOKEN}}
  meshroll:delivery: {namespace: shop}
  meshroll:services:
    provider:
      version: v1
      template: weight
      parameters:
        image: registry.example/provider:1
        port: 20880
        steps:
          - setWeight: 5
          - pause: {duration: 30s}
"""


def write(folder: Path, text: str = TEXT, name: str = "test") -> Path:
    """Write a stack file as it stands, line ends included."""
    path = folder / f"Pulumi.{name}.yaml"
    path.write_bytes(text.encode())
    return path


def with_change(old: str, new: str) -> str:
    """The small stack file with one part exchanged."""
    assert TEXT.count(old) == 1, f"{old!r} stands {TEXT.count(old)} times"
    return TEXT.replace(old, new)
