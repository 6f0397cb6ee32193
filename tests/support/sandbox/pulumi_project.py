"""A throw-away Pulumi project that the real CLI runs with the official kubernetes plug-in."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PREAMBLE = """
import os
import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace, Secret, Service

settings = {"kubeconfig": os.environ["TEST_KUBECONFIG"], "context": "test", "cluster_identifier": "test"}
NS = os.environ["TEST_NAMESPACE"]
"""
PROVIDER = """
cluster = Provider("cluster", **settings)


def on(**more):
    return pulumi.ResourceOptions(provider=cluster, **more)
"""


@dataclass(frozen=True)
class Project:
    """`run` calls `pulumi`; `write` replaces the program."""

    folder: Path
    cli: Path
    environ: dict[str, str]
    namespace: str
    python: str = sys.executable

    def write(self, body: str, *, provider: str = PROVIDER) -> None:
        (self.folder / "__main__.py").write_text(PREAMBLE + provider + body)

    def run(self, *args: str, fails: bool = False) -> str:
        """The output of a command, which must succeed, or fail."""
        answer = subprocess.run(
            [self.cli, *args, "--non-interactive"],
            cwd=self.folder,
            env=os.environ | self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=120,
        )
        assert (answer.returncode != 0) == fails, answer.stdout
        return answer.stdout

    def up(self, *, fails: bool = False) -> str:
        return self.run("up", "--yes", "--skip-preview", fails=fails)

    def preview(self) -> dict[str, dict]:
        """What would happen, by resource name."""
        document = json.loads(self.run("preview", "--json"))
        return {step["urn"].rpartition("::")[2]: step for step in document["steps"] if "kubernetes:" in step["urn"]}

    def operations(self) -> dict[str, str]:
        """The operation by resource name, without what stays the same."""
        return {name: step["op"] for name, step in self.preview().items() if step["op"] != "same"}

    def state(self) -> dict[str, dict]:
        """The checkpointed resources by name."""
        document = json.loads(self.run("stack", "export"))
        return {item["urn"].rpartition("::")[2]: item for item in document["deployment"].get("resources", [])}

    @contextmanager
    def started(self, *args: str) -> Iterator[subprocess.Popen[bytes]]:
        """While a command runs, its output on standard output. It is killed at the end if it still runs."""
        child = subprocess.Popen(
            [self.cli, *args, "--non-interactive"],
            cwd=self.folder,
            env=os.environ | self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        try:
            yield child
        finally:
            child.kill()
            child.communicate(timeout=60)

    def interrupt(self, *args: str, when: Callable[[], bool]) -> str:
        """The output of a command that gets SIGINT once the condition holds."""
        with self.started(*args) as child:
            deadline = time.monotonic() + 60
            while not when():
                assert time.monotonic() < deadline
                assert child.poll() is None
                time.sleep(0.05)
            child.send_signal(signal.SIGINT)
            text, _ = child.communicate(timeout=60)
        assert child.returncode != 0
        return text.decode()
