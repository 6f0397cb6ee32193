"""What a rule is, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    """What follows from a finding."""

    ERROR = "error"  # the API server or the controller refuses the object
    HARM = "harm"  # it is accepted and does harm
    NOTE = "note"  # it cannot be known from the objects given


@dataclass(frozen=True)
class Rule:
    """One rule. Its id is stable: findings, waivers and the documentation name it."""

    id: str
    severity: Severity
    owner: str  # whose rule it is: Argo Rollouts, Istio, Kubernetes, Meshroll
    what: str  # what is found
    why: str  # what follows from it
    remedy: str  # what to do about it

    def found(self, pointer: str, message: str, *related: int, severity: Severity | None = None) -> Flaw:
        """A finding of this rule. `related` are the numbers of other objects that take part in it."""
        return Flaw(self, pointer, message, tuple(related), severity=severity or self.severity)


@dataclass(frozen=True)
class Flaw:
    """One finding: what is wrong at which place of which object."""

    rule: Rule
    pointer: str  # JSON pointer within the object
    message: str
    related: tuple[int, ...] = ()
    number: int = -1  # of the object, as given
    title: str = ""  # of the object: "Rollout dubbo/dubbo3-provider"
    severity: Severity = Severity.NOTE

    def of(self, number: int, title: str) -> Flaw:
        """The same of an object: its number and how findings name it."""
        return replace(self, number=number, title=title)

    def __str__(self) -> str:
        where = " ".join(part for part in (self.title, self.pointer) if part)
        note = " (note)" if self.severity is Severity.NOTE else ""
        return f"{where}: {self.message} [{self.rule.id}]{note}"


@dataclass(frozen=True)
class Waiver:
    """A rule that is not to be reported, and why; of one object, "Kind name" or "Kind namespace/name", or of all."""

    rule: str
    reason: str
    object: str = ""

    def covers(self, flaw: Flaw) -> bool:
        """Whether a finding is waived."""
        kind, _, name = flaw.title.partition(" ")
        return self.rule == flaw.rule.id and self.object in {"", flaw.title, f"{kind} {name.rpartition('/')[2]}"}


@dataclass(frozen=True)
class Options:
    """What the lint takes from the stack."""

    gateway_ports: tuple[int, ...] = ()  # of the gateway Services that it names
    waivers: tuple[Waiver, ...] = ()
    ask_plugin: bool = False  # whether `kubectl argo rollouts lint` is asked too
