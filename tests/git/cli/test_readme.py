"""The plan that the README shows first is what the command prints."""

from __future__ import annotations

import re

from tests.git.cli.conftest import Run
from tests.support.checkout import CHECKOUT
from tests.support.git.repositories import Repository

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: checkout
spec:
  replicas: 2
  selector:
    matchLabels: {app: checkout}
  template:
    metadata:
      labels: {app: checkout}
    spec:
      containers:
        - name: checkout
          image: registry.example.com/shop/checkout:1.4.2  # the nightly build is 1.5.0
          ports: [{containerPort: 8080}]
"""
COMMAND = "$ meshroll "


def without_what_differs(text: str) -> str:
    """Without the repository's address and what depends on it: the commit and the plan's hash."""
    return re.sub(r"(file://|base |hash )\S+", r"\1…", text)


def test_the_readme_shows_a_plan_as_the_command_prints_it(run: Run, repository: Repository) -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("\n## A plan for your own repository\n")[2]
    command, _, output = section.partition("```\n")[2].partition("```\n")[0].partition("\n")
    repository.commit(write={"apps/checkout/deployment.yaml": DEPLOYMENT})
    words = command.removeprefix(COMMAND).replace("file:///tmp/shop.git", repository.remote.url).split()
    code, printed, error = run(*words)
    assert (code, error) == (0, "")
    assert without_what_differs(printed) == without_what_differs(output)
