"""The documentation names what exists: its links, the files and the code that it names, its exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from meshroll.cli import COMMANDS
from meshroll.errors import ExitCode
from meshroll.gitops.plans import message
from tests.support.checkout import CHECKOUT

DOCS = CHECKOUT / "docs"
LONGEST_LINE = 120
NOT_OURS = ("build", "dist", "venv", "*.egg-info")
SOURCES = {".py", ".go", ".mod", ".toml", ".yaml", ".yml", ".json", ".txt", ".md", ""}
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FOLDERS = ("bench", "components", "docs", "meshroll", "rollout_templates", "stacks", "tests")
TEST = re.compile(r"(tests/[\w/]+\.py)(?:::(test_\w+))?")
PATH = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./-]*")
NAME = re.compile(r"(?:meshroll|components)(?:\.[A-Za-z_]\w*)+")
BRACKETS = re.compile(r"\(([^()]*)\)")
CLASS = re.compile(r"[A-Z][A-Za-z]+")
DEFINITION = re.compile(r"^(?:class )?([A-Z][A-Za-z]+)(?:\(.*\))?(?:\[.*\])?(?::| = )", re.MULTILINE)
DOCS_PATH = re.compile(r"(?<![\w/.-])docs/[\w./-]*[\w/]")


def files() -> Iterator[Path]:
    """Every file of the checkout that is written by people."""

    def below(folder: Path) -> Iterator[Path]:
        for entry in sorted(folder.iterdir()):
            if entry.name.startswith(".") or any(map(entry.match, NOT_OURS)) or entry.is_symlink():
                continue
            if entry.is_dir():
                yield from below(entry)
            elif entry.suffix in SOURCES:
                yield entry

    yield from below(CHECKOUT)
    yield from (entry for folder in (".ci", ".github") if (CHECKOUT / folder).is_dir() for entry in texts(folder))


def texts(folder: str) -> list[Path]:
    return sorted(entry for entry in (CHECKOUT / folder).rglob("*") if entry.is_file())


PAGES = [path for path in files() if path.suffix == ".md"]


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def shown(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the forges make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    broken = []
    for link in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    return broken


def is_test(name: str) -> bool:
    """Whether there is such a test: `tests/….py::test_…`, or `tests/….py` for all of a file."""
    found = TEST.fullmatch(name)
    if found is None or not (CHECKOUT / found[1]).is_file():
        return False
    defined = re.findall(r"^def (test_\w+)\(", (CHECKOUT / found[1]).read_text(encoding="utf-8"), re.MULTILINE)
    return found[2] in defined if found[2] else bool(defined)


def promises() -> dict[str, list[str]]:
    """The tests that the threat model names for each of its promises."""
    tables = re.findall(r"^\| promise \|.*\n\|[-|]+\n((?:\|.*\n)+)", prose(DOCS / "threat-model.md"), re.MULTILINE)
    rows = [row.strip("| ").split(" | ") for table in tables for row in table.splitlines()]
    return {promise: CODE.findall(shown_by) for promise, shown_by in rows}


def is_importable(name: str) -> bool:
    """Whether a dotted name is a module of ours, or something in one."""
    names = name.split(".")
    for end in range(len(names), 0, -1):
        try:
            found: object = import_module(".".join(names[:end]))
        except ModuleNotFoundError:
            continue
        for attribute in names[end:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert broken_links(page) == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = [code for code in CODE.findall(prose(page)) if PATH.fullmatch(code)]
    assert [path for path in named if not (CHECKOUT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    named = [code for code in CODE.findall(prose(page)) if code.startswith("tests/") and "::" in code]
    assert [test for test in named if not is_test(test)] == []


def test_every_promise_of_the_threat_model_is_shown_by_tests() -> None:
    promised = promises()
    assert promised
    assert [promise for promise, tests in promised.items() if not tests or not all(map(is_test, tests))] == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_dotted_name_in_a_page_is_code(page: Path) -> None:
    named = [code for code in CODE.findall(prose(page)) if NAME.fullmatch(code)]
    assert [name for name in named if not is_importable(name)] == []


def test_every_class_that_the_glossary_names_is_in_the_code() -> None:
    glossary = prose(DOCS / "glossary.md")
    named = {name for inside in BRACKETS.findall(glossary) for name in CODE.findall(inside) if CLASS.fullmatch(name)}
    sources = [path.read_text(encoding="utf-8") for path in (CHECKOUT / "meshroll").rglob("*.py")]
    defined = {name for source in sources for name in DEFINITION.findall(source)}
    assert named
    assert named - defined == set()


def test_every_page_that_the_code_names_exists() -> None:
    named = {
        (shown(path), page)
        for path in files()
        if path.suffix != ".md" and path != Path(__file__)
        for page in DOCS_PATH.findall(path.read_text(encoding="utf-8"))
    }
    assert {(path, page) for path, page in named if not (CHECKOUT / page).exists()} == set()


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_lines_are_as_long_as_lines_of_code_but_for_tables_and_output(page: Path) -> None:
    lines = [line for line in prose(page).splitlines() if not line.startswith("|") and " " in line.strip("- ")]
    assert [line for line in lines if len(line) > LONGEST_LINE] == []


@pytest.mark.parametrize("index", [DOCS / "README.md", DOCS / "adr" / "README.md"], ids=shown)
def test_an_index_lists_every_page_below_it(index: Path) -> None:
    listed = {(index.parent / link.partition("#")[0]).resolve() for link in LINK.findall(prose(index))}
    pages = {page for page in index.parent.rglob("*.md") if page != index}
    if index.parent == DOCS:  # the decisions have an index of their own
        pages = {page for page in pages if page.parent.name != "adr"}
    assert {shown(page) for page in pages - listed} == set()


def test_every_decision_has_a_date() -> None:
    decisions = sorted((DOCS / "adr").glob("[0-9]*.md"))
    undated = [
        shown(page) for page in decisions if not re.search(r"^Date: 20\d\d-\d\d-\d\d\b", page.read_text(), re.MULTILINE)
    ]
    assert undated == []


def test_the_readme_has_every_exit_code() -> None:
    section = (
        (CHECKOUT / "README.md").read_text(encoding="utf-8").partition("\n## Exit codes\n")[2].partition("\n## ")[0]
    )
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)]
    assert codes == [code.value for code in ExitCode]


def test_every_trailer_that_a_commit_may_have_is_described() -> None:
    page = (DOCS / "trailers.md").read_text(encoding="utf-8")
    described = re.findall(r"^\| `(Meshroll-[\w-]+)` \|", page, re.MULTILINE)
    written = {value for value in vars(message).values() if isinstance(value, str) and value.startswith("Meshroll-")}
    assert set(described) == written


def test_every_command_is_described() -> None:
    page = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
    described = re.findall(r"^\| `meshroll (\w+)", page, re.MULTILINE)
    assert sorted(described) == sorted(COMMANDS)
