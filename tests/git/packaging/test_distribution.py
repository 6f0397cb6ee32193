"""What the wheel and the sdist hold, and what an installation without extras brings along."""

from __future__ import annotations

import tarfile
import zipfile
from email import message_from_bytes
from pathlib import PurePosixPath

from meshroll import __version__
from tests.support.checkout import CHECKOUT
from tests.support.packaging import Built, Installation, tracked

# The links below meshroll/, and what each leads to.
LINKS = {
    "meshroll/components": "components",
    "meshroll/project/Pulumi.yaml": "Pulumi.yaml",
    "meshroll/project/__main__.py": "__main__.py",
    "meshroll/project/rollout_templates": "rollout_templates",
    "meshroll/project/stacks": "stacks",
}


def packaged() -> dict[str, bytes]:
    """Every file of the package by its name in the wheel, with the files that its links lead to."""
    names = {name: name for name in tracked("meshroll") if name not in LINKS}
    for link, target in LINKS.items():
        names |= {link + name.removeprefix(target): name for name in tracked(target)}
    return {name: (CHECKOUT / source).read_bytes() for name, source in names.items()}


def test_the_links_lead_where_the_repository_has_its_own() -> None:
    links = {name for name in tracked("meshroll") if (CHECKOUT / name).is_symlink()}
    assert {name: str((CHECKOUT / name).resolve().relative_to(CHECKOUT)) for name in links} == LINKS


def test_the_wheel_holds_every_file_of_the_package_and_only_its_metadata_beside(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        held = {name: wheel.read(name) for name in wheel.namelist() if ".dist-info/" not in name}
    assert held.keys() == packaged().keys()
    assert held == packaged()


def test_the_sdist_holds_the_package_as_the_wheel_does_and_the_documents(built: Built) -> None:
    with tarfile.open(built.sdist) as sdist:
        held = {str(PurePosixPath(*PurePosixPath(item.name).parts[1:])) for item in sdist.getmembers() if item.isfile()}
    assert packaged().keys() <= held
    assert {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", *tracked("docs")} <= held


def test_the_plug_in_of_the_wheel_is_executable(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        mode = wheel.getinfo("meshroll/provider/pulumi-resource-meshroll").external_attr >> 16
    assert mode & 0o111 == 0o111


def test_the_metadata_says_the_version_of_the_package(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        metadata = message_from_bytes(wheel.read(f"meshroll-{__version__}.dist-info/METADATA"))
    assert (metadata["Name"], metadata["Version"]) == ("meshroll", __version__)
    assert (built.wheel.name, built.sdist.name) == (
        f"meshroll-{__version__}-py3-none-any.whl",
        f"meshroll-{__version__}.tar.gz",
    )


def test_without_extras_neither_pulumi_nor_a_clients_library_nor_envoy_is_installed(base: Installation) -> None:
    assert base.distributions == {
        "attrs",
        "click",
        "gitdb",
        "gitpython",
        "jsonschema",
        "jsonschema-specifications",
        "meshroll",
        "pyyaml",
        "referencing",
        "rpds-py",
        "smmap",
        "typing-extensions",
    }
