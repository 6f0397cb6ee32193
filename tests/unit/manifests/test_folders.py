"""Where templates are found: in the project around the current folder, else among those that come with Meshroll."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshroll.manifests.folders import DESCRIPTOR, TEMPLATES, known_templates, project_templates, template_folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the templates `ours` and `weight`, and a folder that is not one; the current folder is below."""
    for name in ("ours", "weight"):
        (tmp_path / "rollout_templates" / name).mkdir(parents=True)
        (tmp_path / "rollout_templates" / name / DESCRIPTOR).touch()
    (tmp_path / "rollout_templates" / "notes").mkdir()
    (tmp_path / "Pulumi.yaml").touch()
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    return tmp_path


def test_the_project_is_the_nearest_folder_upwards_with_a_pulumi_yaml(project: Path) -> None:
    assert project_templates() == project / "rollout_templates"


def test_a_template_is_the_projects_where_it_has_one_and_else_that_of_meshroll(project: Path) -> None:
    found = {name: template_folder(name) for name in ("ours", "weight", "header", "notes")}
    assert found == {
        "ours": project / "rollout_templates" / "ours",
        "weight": project / "rollout_templates" / "weight",
        "header": TEMPLATES / "header",
        "notes": TEMPLATES / "notes",
    }


@pytest.mark.usefixtures("project")
def test_the_templates_of_both_are_known_each_once() -> None:
    assert known_templates() == ("header", "ours", "weight")
