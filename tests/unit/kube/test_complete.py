"""Contexts that are read without the official client: as it reads them, and no others."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshroll.kube import complete, official
from meshroll.kube.access import Access
from tests.support.kube.certificates import Authority
from tests.support.kube.servers import Server, document

URL = "https://192.0.2.1:6443"


def contents(access: Access) -> tuple[object, ...]:
    kept = {key: value for key, value in access.manager.connection_pool_kw.items() if value is not None}
    kept["retries"] = vars(kept["retries"])  # it compares by identity
    return access.server, access.authorization(), type(access.manager), kept


@pytest.mark.parametrize("user", ["token", "certificate"])
def test_a_complete_context_is_what_the_official_client_makes_of_it(
    user: str, authority: Authority, trusted: dict[str, str], tmp_path: Path
) -> None:
    who = {"token": "abc"} if user == "token" else authority.issue("client").data()
    file = tmp_path / "config"
    file.write_text(yaml.safe_dump(document(URL + "/", trusted, who)))
    for source in (str(file), document(URL + "/", trusted, who)):
        for context in ("east", None):
            found = complete.read(source, context)
            assert found is not None
            assert contents(found.access("east")) == contents(official.read(source, context, "east"))


def test_a_client_certificate_is_shown(strict: Server, authority: Authority, trusted: dict[str, str]) -> None:
    found = complete.read(document(strict.url, trusted, authority.issue("client").data()), "east")
    assert found is not None
    assert found.access("east").manager.request("GET", strict.url).data == b"{}"
    assert strict.asked == [("client", None)]


TOKEN = {"token": "abc"}
TRUSTED = {"certificate-authority-data": base64.b64encode(b"PEM").decode()}
WHOLE = document(URL, TRUSTED, TOKEN)


@pytest.mark.parametrize(
    "left",
    [
        document(URL, {}, TOKEN),
        document(URL.replace("https", "http"), TRUSTED, TOKEN),
        document(URL, {"certificate-authority-data": "A"}, TOKEN),
        document(URL, {"certificate-authority": "ca.crt"}, TOKEN),
        document(URL, {**TRUSTED, "insecure-skip-tls-verify": True}, TOKEN),
        document(URL, {**TRUSTED, "proxy-url": "http://192.0.2.2"}, TOKEN),
        document(URL, {**TRUSTED, "tls-server-name": "other"}, TOKEN),
        document(URL, TRUSTED, {}),
        document(URL, TRUSTED, {"token": ""}),
        document(URL, TRUSTED, {"token": 7}),
        document(URL, TRUSTED, {"token": "abc", "tokenFile": "token"}),
        document(URL, TRUSTED, {"token": "abc", "client-certificate-data": "", "client-key-data": ""}),
        document(URL, TRUSTED, {"client-certificate-data": "QQ=="}),
        document(URL, TRUSTED, {"exec": {"command": "token"}}),
        document(URL, TRUSTED, {"username": "a", "password": "b"}),
        {**WHOLE, "users": []},
        {**WHOLE, "users": None},
        {**WHOLE, "users": [{"name": "u"}]},
        {**WHOLE, "contexts": WHOLE["contexts"] * 2},
        {**WHOLE, "contexts": [{"name": "east", "context": {"cluster": "c"}}]},
        {},
    ],
)
def test_any_other_context_is_left_to_the_official_client(left: Mapping[str, Any]) -> None:
    assert complete.read(WHOLE, "east") is not None
    assert complete.read(left, "east") is None


def test_several_files_a_missing_one_and_a_broken_one_are_left_to_it(tmp_path: Path) -> None:
    whole, broken, colon = (tmp_path / name for name in ("whole", "broken", "a:b"))
    whole.write_text(yaml.safe_dump(WHOLE))
    colon.write_text(yaml.safe_dump(WHOLE))
    broken.write_text("{")
    assert complete.read(str(whole), "east") is not None
    for source in (str(colon), str(broken), str(tmp_path / "none"), str(tmp_path), "~nobody-of-this-name/x"):
        assert complete.read(source, "east") is None
    assert complete.read(str(whole), "west") is None


def test_where_a_proxy_may_be_between_it_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://192.0.2.2")
    assert complete.read(WHOLE, "east") is None


def test_no_token_is_shown() -> None:
    assert "abc" not in repr(complete.read(WHOLE, "east"))


def test_the_official_client_is_not_imported_for_it(trusted: dict[str, str]) -> None:
    program = f"""
import sys
from meshroll.kube import Kube
Kube.connect({document(URL, trusted, TOKEN)!r}, "east")
print("kubernetes" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
