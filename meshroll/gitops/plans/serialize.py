"""A plan as a JSON document and back. Its schema is `plan.schema.json` beside this module.

The document holds all that applying needs. Its hash covers what is agreed on, its checksum the rest: a plan edited by
hand is refused. Anybody can compute both, so whoever applies a plan makes it again from its edits and compares.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meshroll.errors import BadInputError
from meshroll.gitops.git import blob_of
from meshroll.gitops.plans.conforming import conforms
from meshroll.gitops.plans.model import EARLIER, FORMAT, Edit, Finding, Move, Plan, VersionChange
from meshroll.gitops.plans.settings import read_settings, settings_value
from meshroll.gitops.plans.timelines import canary_value, read_canary
from meshroll.text import as_json
from meshroll.yamltext import read_json

FORMATS = (EARLIER, FORMAT)
SCHEMA = Path(__file__).with_name("plan.schema.json")
MAX_BYTES = 256 << 20  # 1,000 rendered services in 10 clusters make 80 MiB


def to_json(plan: Plan) -> str:
    """The document's text."""
    return as_json(to_document(plan), indent=2) + "\n"


def to_document(plan: Plan) -> dict[str, Any]:
    """The document as plain values."""
    document = {
        "version": plan.format,
        "repository": plan.url,
        "branch": plan.branch,
        "base": plan.base,
        "stack": plan.stack,
        "exact": plan.exact,
        "edits": [_edit_value(plan, edit) for edit in plan.edits],
        "changes": [vars(change) for change in plan.changes],
        "diff": plan.diff,
        "applications": [vars(move) for move in plan.applications],
        "timeline": [canary_value(canary) for canary in plan.timeline],
        "findings": [_finding_value(finding) for finding in plan.findings],
        "settings": settings_value(plan.settings),
        "releases": dict(plan.releases),
        "hash": plan.hash,
    }
    return {**document, "checksum": _checksum(document)}


def read_plan(path: Path) -> Plan:
    """The plan in a file. Raises BadInputError for one that is not a plan, or not as it was made."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInputError("the file is too long", where=str(path), expected=f"at most {MAX_BYTES} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise BadInputError(f"it cannot be read ({error.strerror})", where=str(path), expected="a plan") from error
    return from_json(content, str(path))


def from_json(content: bytes, where: str) -> Plan:
    """The plan in a document. Raises BadInputError for one that is not a plan, or not as it was made."""
    document = _parsed(content, where)
    version = document.get("version")
    if version not in FORMATS or isinstance(version, bool):
        found = f"version {version!r:.20}" if "version" in document else "no version"
        expected = f"version {' or '.join(map(str, FORMATS))}"
        raise BadInputError(f"it is not a plan of this format ({found})", where=where, expected=expected)
    _check_schema(document, where)
    plan = _plan_of(document, where)
    _check_agrees(plan, where)
    checksum = document.pop("checksum")
    if plan.hash != document["hash"] or _checksum(document) != checksum:
        raise BadInputError(
            "the plan was changed since it was made", where=where, expected="one as `meshroll plan` wrote it"
        )
    return plan


def _check_agrees(plan: Plan, where: str) -> None:
    """Raise BadInputError for a plan whose parts contradict each other, whoever computed its checksum."""
    services = {change.service for change in plan.changes}
    places: set[tuple[str, str]] = set()
    idle = sorted(services - {edit.service for edit in plan.edits})
    if idle:
        raise BadInputError("no edit makes it", where=f"{where}: the change of {idle[0]}", expected="a plan as made")
    for edit in sorted(plan.edits):
        wrong = ""
        if edit.service not in services:
            wrong = "it belongs to no change"
        elif (edit.file, edit.pointer) in places or (edit.file, "") in places:
            wrong = "it is edited twice"
        elif edit.whole and not edit.file.endswith((".yaml", ".yml")):
            wrong = "a manifest does not have such a name"
        elif edit.whole and edit.new and edit.new != blob_of(plan.contents[edit.file]):
            wrong = "its content does not match its blob"
        elif not edit.whole and not (edit.new.isprintable() and (edit.written or "").isprintable()):
            wrong = "its new value cannot be a version"
        if wrong:
            raise BadInputError(wrong, where=f"{where}: {edit.file} {edit.pointer}".rstrip(), expected="a plan as made")
        places.add((edit.file, edit.pointer))


def _parsed(content: bytes, where: str) -> dict[str, Any]:
    document = read_json(content, where, max_bytes=MAX_BYTES)
    if not isinstance(document, dict):
        raise BadInputError("it is not a plan", where=where, expected="a JSON object")
    return document


def _check_schema(document: Mapping[str, Any], where: str) -> None:
    schema = read_json(SCHEMA.read_bytes(), SCHEMA.name)
    if conforms(document, schema):
        return
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(schema).iter_errors(document))
    if error is not None:
        pointer = "".join(f"/{part}" for part in error.absolute_path)
        raise BadInputError(
            f"it is not a plan: {error.message[:200]}",
            where=f"{where} {pointer}".strip(),
            expected=f"what {SCHEMA.name} describes",
        )


def _plan_of(document: Mapping[str, Any], where: str) -> Plan:
    contents = {
        item["file"]: _content(item, where) for item in document["edits"] if item["pointer"] == "" and item["new"]
    }
    names = ("file", "pointer", "old", "new", "service", "line", "blob")
    edits = (
        Edit(**{name: item[name] for name in names}, anchor=item.get("anchor", ""), written=item.get("written"))
        for item in document["edits"]
    )
    return Plan(
        url=document["repository"],
        branch=document["branch"],
        base=document["base"],
        edits=tuple(edits),
        changes=tuple(VersionChange(**item) for item in document["changes"]),
        diff=document["diff"],
        contents=contents,
        findings=tuple(Finding(**item) for item in document["findings"]),
        applications=tuple(Move(**item) for item in document["applications"]),
        timeline=tuple(read_canary(item) for item in document["timeline"]),
        exact=document["exact"],
        stack=document["stack"],
        settings=read_settings(document["settings"]),
        releases=document["releases"],
        format=document["version"],
    )


def _edit_value(plan: Plan, edit: Edit) -> dict[str, Any]:
    value = {name: getattr(edit, name) for name in ("file", "line", "pointer", "old", "new", "blob", "service")}
    if edit.anchor:
        value["anchor"] = edit.anchor
    if edit.written is not None:
        value["written"] = edit.written
    if edit.whole and edit.new:
        content = plan.contents[edit.file]
        try:
            value["content"] = content.decode("utf-8")
        except UnicodeDecodeError:
            value["contentBase64"] = base64.b64encode(content).decode()
    return value


def _finding_value(finding: Finding) -> dict[str, Any]:
    names = ("kind", "message", "service", "file", "line", *(("rule", "severity", "pointer") if finding.rule else ()))
    return {name: getattr(finding, name) for name in names}


def _content(item: Mapping[str, Any], where: str) -> bytes:
    """A whole file's bytes; that they are the ones of the blob is checked when they are stored."""
    if "content" in item:
        return str(item["content"]).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(item.get("contentBase64", ""), validate=True)
    except ValueError:
        raise BadInputError(f"the content of {item['file']} is damaged", where=where, expected="a plan") from None


def _checksum(document: Mapping[str, Any]) -> str:
    covered = {key: value for key, value in document.items() if key != "checksum"}
    text = json.dumps(covered, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
