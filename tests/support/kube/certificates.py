"""Certificate authorities of one test, and what they issue."""

from __future__ import annotations

import base64
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.git.sshd import needs

# The least that `openssl req` reads.
REQUEST = "[req]\ndistinguished_name = name\nx509_extensions = authority\n[name]\n"
AUTHORITY = "[authority]\nbasicConstraints = critical, CA:TRUE\n"
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, each in a file."""

    certificate: Path
    key: Path

    def files(self) -> dict[str, str]:
        """As a kubeconfig's user names them."""
        return {"client-certificate": str(self.certificate), "client-key": str(self.key)}

    def data(self) -> dict[str, str]:
        """As they stand in a kubeconfig's user."""
        return {"client-certificate-data": encoded(self.certificate), "client-key-data": encoded(self.key)}


@dataclass(frozen=True)
class Authority:
    """An authority in a folder of its own."""

    folder: Path
    root: Pair

    @classmethod
    def make(cls, folder: Path) -> Authority:
        folder.mkdir(parents=True)
        settings = folder / "settings"
        settings.write_text(REQUEST + AUTHORITY)
        root = Pair(folder / "root.crt", folder / "root.key")
        request = ("req", "-x509", "-config", str(settings), "-subj", "/CN=root", "-days", "2")
        openssl(*request, *NEW_KEY, "-keyout", str(root.key), "-out", str(root.certificate))
        return cls(folder, root)

    def issue(self, name: str, address: str = "127.0.0.1", days: int = 2) -> Pair:
        """A certificate with this common name and address; with fewer than no days left it has expired."""
        pair = Pair(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.extensions"
        extensions.write_text(f"subjectAltName = IP:{address}\n")
        settings = ("-config", str(self.folder / "settings"), "-subj", f"/CN={name}")
        openssl("req", "-new", *settings, *NEW_KEY, "-keyout", str(pair.key), "-out", str(request))
        signed = ("-CA", str(self.root.certificate), "-CAkey", str(self.root.key), "-CAcreateserial")
        made = ("-in", str(request), "-out", str(pair.certificate), "-days", str(days), "-extfile", str(extensions))
        openssl("x509", "-req", *signed, *made)
        return pair


def openssl(*arguments: str) -> None:
    subprocess.run([needs("openssl")["openssl"], *arguments], check=True, capture_output=True)


def encoded(content: Path | bytes) -> str:
    """As kubeconfigs hold data."""
    return base64.b64encode(content if isinstance(content, bytes) else content.read_bytes()).decode()
