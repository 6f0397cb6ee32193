"""A certificate authority of one test, and a server certificate for 127.0.0.1."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

from tests.support.git.sshd import needs


def make(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """The server's side, and the authority's certificate for the client's."""
    openssl = needs("openssl")["openssl"]
    folder.mkdir(parents=True)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=loopback", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate
