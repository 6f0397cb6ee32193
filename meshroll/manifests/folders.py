"""Where a template is found: in `rollout_templates/` of the Pulumi project at hand, else among Meshroll's own."""

from __future__ import annotations

from pathlib import Path

from meshroll.resources import resource

# The templates that come with Meshroll, a folder each.
TEMPLATES = resource("project", "rollout_templates")
DESCRIPTOR = "template.yaml"


def project_folder(start: Path) -> Path:
    """The nearest folder upwards with a Pulumi.yaml, as Pulumi finds it; `start` where there is none."""
    return next((folder for folder in (start, *start.parents) if (folder / "Pulumi.yaml").is_file()), start)


def project_templates() -> Path:
    """The folder of the project's own templates; it need not exist.

    The project is the one around the current folder: that of the command, of the program and of the plug-in alike.
    """
    return project_folder(Path.cwd()) / "rollout_templates"


def template_folder(name: str, templates: Path = TEMPLATES) -> Path:
    """The folder of a template. Where both have one of this name, it is the project's."""
    own = project_templates() / name
    return own if (own / DESCRIPTOR).is_file() else templates / name


def known_templates(templates: Path = TEMPLATES) -> tuple[str, ...]:
    """The names of all templates that a stack can use here."""
    found = (path.parent.name for folder in (project_templates(), templates) for path in folder.glob(f"*/{DESCRIPTOR}"))
    return tuple(sorted(set(found)))
