"""A plan for people: plain text for a terminal, Markdown for a review. Both hold the whole diff.

On a terminal, a plan of many services is counted and its first few services are named; `verbose` shows all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from meshroll.gitops.plans.model import Edit, Plan
from meshroll.text import one_line, printable
from meshroll.text.markdown import code, code_block

_BOLD, _RED, _GREEN, _CYAN, _YELLOW = ("1", "31", "32", "36", "33")
_SHORT = 12
MANY = 20  # services, canaries or findings: of more, only the first FEW are shown
FEW = 5

Paint = Callable[[str, str], str]
Moves = Mapping[tuple[str | None, str | None], Sequence[str]]
"""The places of a service by the versions it goes from and to."""


def as_text(plan: Plan, *, color: bool = False, verbose: bool = False, more: str = "") -> str:
    """The plan in lines. `more` says how to see all of a plan that is cut short; colours are for terminals."""

    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if color else text

    lines = [paint(one_line(line), _BOLD) for line in _head(plan)]
    moves = plan.moves
    if len(moves) > MANY and not verbose:
        lines += ["", paint(_counts(plan, moves), _BOLD)]
        changes = (one_line(line) for service in moves for line in _changes(service, moves[service]))
        lines += [f"  {line}" for line in islice(changes, FEW)]
        lines += [f"  … {len(moves) - FEW} more" + (f"; {more}" if more else "")]
    else:
        lines += _in_full(plan, moves, paint)
    canaries, findings = ([*_canaries(plan)], [str(finding) for finding in plan.findings])
    if plan.applications or plan.timeline:
        lines += ["", *(one_line(line) for line in (*_moves(plan), *_first(canaries, verbose=verbose)))]
    if plan.findings:
        lines += ["", paint("Findings", _BOLD)]
        lines += [paint(f"  ! {one_line(line)}", _YELLOW) for line in _first(findings, verbose=verbose)]
    lines += ["", f"hash {plan.hash}{' (exact)' if plan.exact else ''}"]
    return "\n".join(lines) + "\n"


def as_markdown(plan: Plan) -> str:
    """The plan as a comment under a pull request. What is not ours stands in code."""
    changes = (line for service, moves in plan.moves.items() for line in _changes(service, moves))
    title = ", ".join(code(line) for line in changes) or "nothing to do"
    lines = [f"### Release plan: {title}", ""]
    lines += [f"{code(_address(plan))}, base {code(plan.base[:_SHORT] or 'none')}, hash {code(plan.hash)}"]
    if plan.edits:
        lines += ["", *(_listed(edit) for edit in plan.edits)]
    if plan.diff:
        lines += ["", *code_block(plan.diff, "diff")]
    if plan.applications or plan.timeline:
        lines += ["", *(f"- {code(line)}" for line in (*_moves(plan), *_canaries(plan)))]
    if plan.findings:
        lines += ["", "**Findings**", "", *(f"- {code(str(finding))}" for finding in plan.findings)]
    return "\n".join(lines) + "\n"


def _in_full(plan: Plan, moves: Mapping[str, Moves], paint: Paint) -> list[str]:
    """Every edit below its service's change, and the diff."""
    lines: list[str] = []
    edits: dict[str, list[Edit]] = {}
    for edit in plan.edits:
        edits.setdefault(edit.service if edit.service in moves else "", []).append(edit)
    for service in moves:
        lines += ["", *(paint(one_line(line), _BOLD) for line in _changes(service, moves[service]))]
        lines += [f"  {one_line(_edit(edit))}" for edit in edits.pop(service, ())]
    lines += [f"  {one_line(_edit(edit))}" for edit in edits.pop("", ())]
    if plan.diff:
        lines += ["", *(_painted(line, paint) for line in printable(plan.diff).removesuffix("\n").split("\n"))]
    return lines


def _counts(plan: Plan, moves: Mapping[str, Moves]) -> str:
    """How many services change, in how many files and places."""
    files = len({edit.file for edit in plan.edits})
    places = len({change.path for change in plan.changes})
    at = f" in {places} places" if places > 1 else ""
    return f"{len(moves)} services change, in {files} files{at}"


def _first(lines: Sequence[str], *, verbose: bool) -> Iterable[str]:
    """All lines; of many, the first few and how many more."""
    if len(lines) <= MANY or verbose:
        return lines
    return [*lines[:FEW], f"… {len(lines) - FEW} more"]


def _head(plan: Plan) -> list[str]:
    of = f" of stack {plan.stack}" if plan.stack else ""
    begin = f"Plan{of} for {_address(plan)}, base {plan.base[:_SHORT] or 'none'}"
    if plan.edits:
        return [begin]
    what = "the versions wait for a person" if plan.held else "Git holds the versions already"
    return [begin, f"Nothing to do: {what}."]


def _address(plan: Plan) -> str:
    return f"{plan.url} {plan.branch}"


def _changes(service: str, moves: Moves) -> list[str]:
    """A service's change; where its places differ, each with its places."""
    places = {move: f" in {', '.join(paths)}" if len(moves) > 1 else "" for move, paths in moves.items()}
    return [one_line(f"{service}: {_move(old, new)}{where}") for (old, new), where in places.items()]


def _move(old: str | None, new: str | None) -> str:
    if old != new:
        return f"{old or '-'} -> {new or '-'}"
    return f"{new} stays, its parameters or fields change" if new else "its parameters or fields change"


def _edit(edit: Edit) -> str:
    if edit.whole:
        return f"{'~' if edit.old and edit.new else '+' if edit.new else '-'} {edit.file}"
    old, new = (one_line(text) or "-" for text in (edit.old, edit.new))
    what = f"{old} -> {new}" if edit.old != edit.new else f"{new}, quoted"
    return f"~ {edit.file}:{edit.line} {edit.pointer}: {what}"


def _listed(edit: Edit) -> str:
    """An edit in a list: where, which value, and from what to what."""
    place = code(f"{edit.file}:{edit.line}" if edit.line else edit.file)
    value = code(edit.pointer) if edit.pointer else "whole file"
    return f"- {place} {value}: {_shown(edit, edit.old)} → {_shown(edit, edit.new)}"


def _shown(edit: Edit, value: str) -> str:
    return code((value[:_SHORT] if edit.whole else value) or "-")


def _moves(plan: Plan) -> Iterator[str]:
    for move in sorted(plan.applications, key=lambda move: move.wave):
        yield f"wave {move.wave}: Application {move.application} (cluster {move.cluster})"


def _canaries(plan: Plan) -> Iterator[str]:
    for canary in plan.timeline:
        if canary.timeline.none:
            yield one_line(f"no canary of {canary.service}: {canary.timeline.none}")
            continue
        gates = canary.timeline.manual_gates
        by_hand = f", {gates} manual gate{'s' if gates > 1 else ''}" if gates else ""
        note = f"; {canary.timeline.note}" if canary.timeline.note else ""
        yield one_line(f"canary of {canary.service}: {canary.timeline.course}{by_hand}{note}")


def _painted(line: str, paint: Paint) -> str:
    if line.startswith(("+++", "---", "diff ", "index ")):
        return paint(line, _BOLD)
    shade = {"+": _GREEN, "-": _RED, "@": _CYAN}.get(line[:1])
    return paint(line, shade) if shade else line
