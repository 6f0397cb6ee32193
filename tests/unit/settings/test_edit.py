import stat

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from meshroll.errors import BadInputError, ConflictError
from meshroll.settings import document, edit
from meshroll.settings.document import parse
from meshroll.settings.edit import set_version, with_version
from meshroll.settings.files import StackFile
from tests.support.stack_files import TEXT, write

VERSIONS = st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?", fullmatch=True)
NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)
COMMENTS = st.sampled_from(["", "  # version: v1", " # é🐍", "   "])
BETWEEN = st.sampled_from(["", "\n", "# version: v9\n", "  # odd indent\n"])


@st.composite
def files(draw):
    """A stack file in two halves around the version of one service: (before, quote, old, after, service)."""
    service, others = draw(NAMES), draw(st.lists(NAMES, max_size=2, unique=True))
    assume(service not in others)
    quote, old, comment = draw(st.sampled_from(["", '"', "'"])), draw(VERSIONS), draw(COMMENTS)
    key = draw(st.sampled_from(["version", '"version"', "'version'"]))
    head = draw(BETWEEN) + "config:\n  other:version: v1\n" + draw(BETWEEN) + "  meshroll:services:\n"
    for other in others:
        head += f"    {other}: {{version: {old!r}, template: x}}{draw(COMMENTS)}\n" + draw(BETWEEN)
    if draw(st.booleans()):
        before = f"{head}    {service}: {{ template: 'v1' , {key}: "
        after = draw(st.sampled_from(["}", " , x: [version, v1] }"])) + comment
    else:
        before = f"{head}    {service}:\n      template: v1\n{draw(BETWEEN)}      {key}:  "
        after = f"{comment}\n      parameters:\n        version: {old}\n        text: |\n          version: {old}"
    after += draw(st.sampled_from(["", "\n", "\n\n# the end", "\n  meshroll:delivery: {wait: synced}\n"]))
    ends, bom = draw(st.sampled_from(["\n", "\r\n"])), draw(st.sampled_from(["", "\ufeff"]))
    return bom + before.replace("\n", ends), quote, old, after.replace("\n", ends), service


@settings(deadline=None)
@given(file=files(), new=VERSIONS)
@example(file=("config:\n  meshroll:services:\n    a: {version: ", "", "v1", "}", "a"), new="1.10")
def test_only_the_versions_bytes_change(tmp_path_factory, file, new):
    before, quote, old, after, service = file
    path = tmp_path_factory.mktemp("set") / "Pulumi.x.yaml"
    path.write_bytes(f"{before}{quote}{old}{quote}{after}".encode())
    was_text = isinstance(parse(f"{quote}{old}{quote}", "v").value, str)

    answer = set_version(path, service, new)

    result = path.read_bytes()
    if new == old and was_text:
        assert result == f"{before}{quote}{old}{quote}{after}".encode()
    else:
        assert result.startswith(before.encode())
        assert result.endswith(after.encode())
        written = result[len(before.encode()) : len(result) - len(after.encode())].decode()
        assert written in ({quote + new + quote} if quote else {new, f'"{new}"', f"'{new}'"})
    assert answer == (old, new, path)
    assert document.read(path).value["config"]["meshroll:services"][service]["version"] == new
    assert list(path.parent.iterdir()) == [path]


def change(text, service="provider", version="v2"):
    return with_version(StackFile(parse(text, "f"), None), service, version)


def test_an_unquoted_version_stays_unquoted_where_every_reader_sees_text():
    assert change(TEXT) == TEXT.replace("version: v1\n", "version: v2\n")


def test_a_version_that_would_be_a_number_is_quoted():
    assert change(TEXT, version="1.10") == TEXT.replace("version: v1\n", 'version: "1.10"\n')


def test_a_number_is_replaced_by_text():
    text = TEXT.replace("version: v1\n", "version: 2026-11-23\n")
    assert change(text, version="2026-11-23") == TEXT.replace("version: v1\n", 'version: "2026-11-23"\n')


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (
            "version: &v v1\n      x: *v",
            "f:23 /config/meshroll:services/provider/version: the version cannot be changed in place",
        ),
        ("version: &v v1", "f:23 /config/meshroll:services/provider/version: the version cannot be changed in place"),
        (
            "version: !!str v1",
            "f:23 /config/meshroll:services/provider/version: the version cannot be changed in place",
        ),
        (
            "version: |-\n        v1",
            "f:23 /config/meshroll:services/provider/version: the version cannot be changed in place",
        ),
        ("version:", "f:23 /config/meshroll:services/provider/version: the version cannot be changed in place"),
        ("version: {env: V}", "f:23 /config/meshroll:services/provider/version: the version does not stand here"),
        ("versions: v1", "f:22 /config/meshroll:services/provider: the service has no version to change"),
    ],
)
def test_a_version_without_a_spot_of_its_own_is_refused(part, message):
    with pytest.raises(BadInputError) as error:
        change(TEXT.replace("version: v1", part))
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("service", "version", "message"),
    [
        ("provder", "v2", "f:21 /config/meshroll:services: there is no service provder: did you mean provider?"),
        ("zzz", "v2", "f:21 /config/meshroll:services: there is no service zzz; expected one of provider"),
        (
            "provider",
            "v 2",
            (
                "version of provider: the version 'v 2' cannot be the value of a label; expected 1 to 63 letters, "
                "digits, '-', '_' or '.', with a letter or digit at both ends"
            ),
        ),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(tmp_path, service, version, message):
    path = write(tmp_path)
    with pytest.raises(BadInputError) as error:
        set_version(path, service, version)
    assert str(error.value).replace(str(path), "f").replace(document.shown(path), "f") == message
    assert path.read_bytes() == TEXT.encode()


def test_mode_and_link_stay(tmp_path):
    real = write(tmp_path)
    real.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(real.name)

    set_version(link, "provider", "v2")

    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert b"version: v2\n" in real.read_bytes()


def test_the_same_version_leaves_the_file_itself_alone(tmp_path):
    path = write(tmp_path)
    before = path.stat()
    assert set_version(path, "provider", "v1") == ("v1", "v1", path)
    assert path.stat() == before


def test_someone_elses_edit_meanwhile_is_kept(tmp_path, monkeypatch):
    path = write(tmp_path)
    check = edit.with_version

    def slow(file, service, version):
        path.write_text("changed: meanwhile\n")
        return check(file, service, version)

    monkeypatch.setattr(edit, "with_version", slow)
    with pytest.raises(ConflictError, match="was changed by someone else meanwhile"):
        set_version(path, "provider", "v2")
    assert path.read_text() == "changed: meanwhile\n"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
