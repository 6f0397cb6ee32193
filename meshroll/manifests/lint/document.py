"""docs/lint.md, written from the rules."""

from __future__ import annotations

from textwrap import fill

from meshroll.manifests.lint.model import Rule, Severity
from meshroll.manifests.lint.run import RULES

_WIDTH = 118
_TITLES = {
    Severity.ERROR: ("Refused", "The API server or the controller does not take the object: nothing is rolled out."),
    Severity.HARM: ("Accepted, and harmful", "Nothing refuses the object; what follows is not what it looks like."),
    Severity.NOTE: ("Not known", "It cannot be known from the objects looked at."),
}
_HEAD = """\
# What the lint finds

A plan judges the objects of the folder that it edits, as they will be after its edits, and names what does not fit
together as Argo Rollouts 1.10 and Istio read it. Every finding carries the id of its rule. The ids are stable.

Objects are looked up below the path that the plan reads. A namespace that Git leaves to the Application agrees with
every other. Of one object in the folders of several environments, the nearest counts. A document without an
apiVersion is taken for a part of an object, a patch for instance, and not judged.

A kustomization is built with `kustomize` or `kubectl` from PATH, and what comes of it is judged; below a path that is
not one itself, each one that takes in a file of the service is built by itself, 20 at most. The files beside them are
judged as they stand. Not judged, and named:

- what a kustomization takes from elsewhere, and what its Helm charts make: nothing is fetched. The rest of it is
  judged, unless it cannot be built without;
- without either tool, a kustomization that does more than put files together (`resources`, `bases`, `namespace`,
  `images`, `commonAnnotations`): what patches, prefixes and labels make of an object is not known;
- what Helm makes of a chart's templates, and what another source of the Application brings;
- files that cannot be read, and objects whose kind or name is not a text.

A stack waives a rule, for one object or for all, under `meshroll:lint.waive`, with a reason:
[the stack file](reference/stack-file.md).

This page is written from the rules (`python -m meshroll.manifests.lint > docs/lint.md`).
"""


def document() -> str:
    """The page's text."""
    parts = [_HEAD]
    for severity, (name, meaning) in _TITLES.items():
        parts.append(f"## {name}\n\n{meaning}\n")
        parts += [_rule(rule) for rule in RULES if rule.severity is severity]
    return "\n".join(parts)


def _rule(rule: Rule) -> str:
    lines = [("What", rule.what), ("Why", rule.why), ("Remedy", rule.remedy), ("Whose rule", f"{rule.owner}.")]
    texts = [
        fill(f"- **{name}**: {text}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False) for name, text in lines
    ]
    return f"### {rule.id}\n\n" + "\n".join(texts) + "\n"
