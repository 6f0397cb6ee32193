"""A stack of a test's own: an edited copy of a stack file, run by the real Pulumi CLI against the test's sandbox."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshroll.demo.project import Project
from meshroll.kube import Kube
from meshroll.settings import load_file
from meshroll.settings.model import Stack

Object = dict[str, Any]
Command = list[str]
PROVIDER, CONSUMER = "dubbo3-provider", "dubbo3-consumer"
# More than anything here takes on a busy machine: a run that hangs must not hang the tests.
RUN_SECONDS = 300.0
ENDLESS: list[Object] = [{"setWeight": 5}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]


@dataclass(frozen=True)
class Made:
    """A stack by name, in a project folder; what runs it and what it says."""

    name: str
    project: Project

    def put(self, pointer: str, value: object) -> None:
        """Set one value of the stack file, `/services/dubbo3-provider/version` for instance."""
        self._edit(pointer, lambda parent, key: parent.__setitem__(key, value))

    def remove(self, pointer: str) -> None:
        """Take one key out of the stack file."""
        self._edit(pointer, lambda parent, key: parent.pop(key, None))

    def _edit(self, pointer: str, change: Callable[[Object, str], object]) -> None:
        document = yaml.safe_load(self.file.read_text())
        first, *rest = pointer.strip("/").split("/")
        *path, key = (f"meshroll:{first}", *rest)
        parent = document["config"]
        for step in path:
            parent = parent[step]
        change(parent, key)
        self.file.write_text(yaml.safe_dump(document, sort_keys=False))

    def pulumi(self, *arguments: str, fails: bool = False) -> str:
        """What one command says, on both outputs; a test fails when its exit code is not as expected."""
        command = ["pulumi", "--non-interactive", "--color", "never", *arguments, "--stack", self.name]
        return self._run(command, subprocess.STDOUT, fails=fails)

    def up(self, *, fails: bool = False) -> str:
        """`pulumi up` without its preview."""
        return self.pulumi("up", "--yes", "--skip-preview", fails=fails)

    def outputs(self) -> Object:
        """The stack's outputs."""
        return dict(json.loads(self.pulumi("stack", "output", "--json")))

    def state(self) -> list[Object]:
        """The resources in Pulumi's state."""
        document = json.loads(self.pulumi("stack", "export"))
        return list(document["deployment"].get("resources") or [])

    def meshroll(self, *arguments: str, fails: bool = False) -> str:
        """What a command of our own says, on both outputs."""
        return self._run([str(Path(sys.executable).with_name("meshroll")), *arguments], subprocess.STDOUT, fails=fails)

    def _run(self, command: Command, stderr: int, *, fails: bool) -> str:
        done = subprocess.run(
            command,
            cwd=self.project.folder,
            env=dict(self.project.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            check=False,
            timeout=RUN_SECONDS,
        )
        if (done.returncode != 0) != fails:
            pytest.fail(f"`{' '.join(command)}` ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    @property
    def file(self) -> Path:
        """The stack file."""
        return self.project.stack_file(self.name)

    @property
    def settings(self) -> Stack:
        """The stack as Meshroll reads it."""
        return load_file(self.file, self.project.environment)

    @property
    def namespace(self) -> str:
        """Where the stack delivers to."""
        return self.name

    @property
    def application(self) -> str:
        """The Application of the only worker."""
        return f"{self.name}-worker-1"

    @property
    def worker(self) -> Kube:
        """The work cluster."""
        return self._connect("worker-1")

    @property
    def host(self) -> Kube:
        """The cluster of Argo CD and of the mesh."""
        return self._connect("host")

    def _connect(self, context: str) -> Kube:
        return Kube.connect(self.project.environment["MESHROLL_KUBECONFIG"], context)

    @property
    def environment(self) -> Mapping[str, str]:
        """What the stack's commands run with."""
        return self.project.environment

    def init(self) -> None:
        """Make it known to Pulumi."""
        self.pulumi("stack", "init")

    def take_away(self) -> None:
        """Destroy it with all it made, whatever state it is in; Git keeps its folder."""
        if self.state():
            self.pulumi("destroy", "--yes", "--skip-preview")
        self.pulumi("stack", "rm", "--yes", "--preserve-config")


def derive(project: Project, template: str, word: str) -> Made:
    """A stack with namespace, project, mesh and folder of its own, after one of the sandbox's two stack files."""
    name = f"{word}-{secrets.token_hex(2)}"
    document = yaml.safe_load(project.stack_file(template).read_text())
    config = document["config"]
    config["meshroll:namespaces"] = {name: {"injection": "enabled"}}
    config["meshroll:argocd"]["project"] = name
    config["meshroll:repository"]["path"] = f"{name}/{{cluster}}"
    config["meshroll:delivery"] |= {"namespace": name, "timeout": "240s"}
    if "meshroll:mesh" in config:
        config["meshroll:mesh"]["name"] = name
    made = Made(name, project)
    made.file.write_text(yaml.safe_dump(document, sort_keys=False))
    return made


def wait_for_people(stack: Made) -> None:
    """Let every pause last until someone promotes: no test depends on how long a step takes."""
    for service in (PROVIDER, CONSUMER):
        stack.put(f"/services/{service}/parameters/steps", ENDLESS)


def without_mesh(stack: Made) -> None:
    """Deliver to the worker alone, which is quicker: whoever needs traffic needs the mesh."""
    workers = stack.settings.workers
    stack.remove("/mesh")
    stack.put("/workers", list(workers))


@contextmanager
def running(stack: Made) -> Iterator[Made]:
    """Bring a stack up, and take it away with all it made."""
    stack.init()
    try:
        stack.up()
        yield stack
    finally:
        stack.take_away()
