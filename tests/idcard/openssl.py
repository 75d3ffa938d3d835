"""A state that works with openssl alone: certificates and SODs from a hand that is not ours."""

import subprocess
from pathlib import Path

_ROOT = """\
[req]
distinguished_name = dn
prompt = no
[dn]
C = {country}
CN = Openssl {role}
[root]
basicConstraints = critical,CA:TRUE
subjectKeyIdentifier = hash
[signer]
authorityKeyIdentifier = keyid
"""


class OpensslState:
    """Makes its root and one signer in a folder, with keys as the options of ``genpkey`` say."""

    def __init__(self, folder: Path, options: tuple[str, ...], *, country: str = "UT") -> None:
        self._folder = folder
        self._options = options
        for role in ("root", "signer"):
            (folder / f"{role}.cnf").write_text(_ROOT.format(country=country, role=role))
            self._run("genpkey", *options, "-out", f"{role}.key")
        self._run(
            *("req", "-x509", "-new", "-key", "root.key", "-sha256", "-days", "3650"),
            *("-config", "root.cnf", "-extensions", "root", "-out", "root.pem"),
        )
        self._run(
            "req", "-new", "-key", "signer.key", "-config", "signer.cnf", "-out", "signer.csr"
        )
        self._run(
            *("x509", "-req", "-in", "signer.csr", "-CA", "root.pem", "-CAkey", "root.key"),
            *("-sha256", "-days", "3650", "-extfile", "signer.cnf", "-extensions", "signer"),
            *("-set_serial", "7", "-out", "signer.pem"),
        )

    @property
    def root(self) -> Path:
        """The root certificate's file."""
        return self._folder / "root.pem"

    def sign(self, kind: str, content: bytes, *options: str) -> bytes:
        """Return a SignedData of a content type around content."""
        (self._folder / "content").write_bytes(content)
        self._run(
            *("cms", "-sign", "-nodetach", "-binary", "-econtent_type", kind, "-md", "sha256"),
            *("-in", "content", "-signer", "signer.pem", "-inkey", "signer.key"),
            *("-outform", "DER", "-out", "signed", "-nosmimecap", *options),
        )
        return (self._folder / "signed").read_bytes()

    def _run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._folder, check=True, capture_output=True)
