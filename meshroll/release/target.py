"""What a command acts on: a rollout repository, and where in it services are."""

from __future__ import annotations

from dataclasses import dataclass

from meshroll.gitops.git import Remote, Style
from meshroll.gitops.planners import DesiredVersion
from meshroll.gitops.plans import Scope
from meshroll.release.selection import only_service
from meshroll.release.stack import from_stack
from meshroll.settings.fields import parse_field
from meshroll.settings.model import Stack


@dataclass(frozen=True)
class Target:
    """The repository of a stack with its clusters' folders, or another one with the path below which services are."""

    remote: Remote
    style: Style
    paths: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()  # without a stack
    stack: Stack | None = None

    @property
    def name(self) -> str:
        """The stack's name; empty without one."""
        return self.stack.name if self.stack else ""

    @property
    def scope(self) -> Scope:
        """Whose events on a service count."""
        return Scope(self.name, self.paths)

    @property
    def adopted(self) -> bool:
        """Whether people write the files of the repository."""
        return self.stack is None or self.stack.repository.kind == "adopted"

    def desired(self, service: str, version: str = "") -> DesiredVersion:
        """A service with its fields, as the planner takes it. Raises BadInputError for one that the stack lacks."""
        if self.stack is None:
            return DesiredVersion(service, version, tuple(parse_field(field) for field in self.fields))
        (known,) = only_service(self.stack, service, version).services
        return DesiredVersion(service, known.version or "", known.fields)


def stack_repository(stack: Stack) -> tuple[Remote, Style]:
    """The repository of a stack with what opens it, and how its commits are made, as a Release of the stack has it."""
    inputs = from_stack(stack, stack.workers)
    return inputs.remote, inputs.style


def stack_target(stack: Stack) -> Target:
    """The repository of a stack, and the folders of its clusters in it."""
    clusters = stack.workers if stack.repository.per_cluster else stack.workers[:1]
    remote, style = stack_repository(stack)
    return Target(remote, style, tuple(stack.repository.path_for(cluster) for cluster in clusters), stack=stack)


def repository_target(remote: Remote, path: str | None, fields: tuple[str, ...] = ()) -> Target:
    """A repository that no stack describes."""
    return Target(remote, Style(), () if path is None else (path,), fields)
