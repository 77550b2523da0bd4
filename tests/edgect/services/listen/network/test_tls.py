"""Results go by TLS to a node that can show who it is, and to no other."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydicom import dcmread, uid

from edgect.cli import main
from edgect.errors import UsageError
from edgect.services.listen import config
from edgect.services.listen.config import NodeConfig
from edgect.services.listen.destinations import StorageDestination, UnreachableError
from edgect.services.listen.network.tls import TLSFiles
from tests.edgect.services.listen.listen_process import (
    Node,
    call,
    free_port,
    image,
    needs_dcmtk,
    save,
    send,
    series,
    until,
)

pytestmark = [
    needs_dcmtk,
    pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make certificates"),
]
Start = Callable[..., None]


def openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
            "-keyout", key, "-out", certificate, "-days", 2)  # fmt: skip


def certificate(folder: Path, name: str, host: str = "IP:127.0.0.1", days: int = 2, by: str = "ca") -> None:
    request = folder / f"{name}.csr"
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-addext",
            f"subjectAltName={host}", "-keyout", folder / f"{name}.key", "-out", request)  # fmt: skip
    openssl("x509", "-req", "-in", request, "-CA", folder / f"{by}.pem", "-CAkey", folder / f"{by}.key",
            "-CAcreateserial", "-copy_extensions", "copy", "-days", days,
            "-out", folder / f"{name}.pem")  # fmt: skip


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of certificates and keys: NAME.pem and NAME.key."""
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("ca", "other-ca"):
        authority(folder, name)
    certificate(folder, "node")
    certificate(folder, "archive")
    certificate(folder, "of another host", host="DNS:archive.example,IP:127.0.0.2")
    certificate(folder, "expired", days=-1)
    certificate(folder, "of another authority", by="other-ca")
    return folder


class Scp:
    """DCMTK's storescp, on one port; it wants a certificate of its callers."""

    def __init__(self, certificates: Path, folder: Path) -> None:
        self.port, self.folder, self._certificates = free_port(), folder, certificates
        self._running: list[subprocess.Popen[bytes]] = []
        folder.mkdir()

    def start(self, name: str, authority: str = "ca") -> None:
        """name: of its certificate, empty for no TLS."""
        of = self._certificates
        line = ["storescp", "-aet", "ARCHIVE", "-od", str(self.folder), str(self.port)]
        if name:
            line += [
                "+tls",
                str(of / f"{name}.key"),
                str(of / f"{name}.pem"),
                "+cf",
                str(of / f"{authority}.pem"),
            ]
        self._running.append(subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        known = ("+tls", of / "node.key", of / "node.pem", "-ic") if name else ()
        until(
            lambda: authority != "ca" or call("echoscu", self.port, *known, title="ARCHIVE").returncode == 0
        )

    def stop(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()

    @property
    def received(self) -> list[Path]:
        return list(self.folder.iterdir())


@pytest.fixture
def archive(certificates: Path, tmp_path: Path) -> Iterator[Scp]:
    scp = Scp(certificates, tmp_path / "archive")
    yield scp
    scp.stop()


def own_files(certificates: Path) -> TLSFiles:
    return TLSFiles(certificates / "node.pem", certificates / "node.key", certificates / "ca.pem")


def destination(archive: Scp, files: TLSFiles) -> StorageDestination:
    return StorageDestination(
        config.RemoteNode("ARCHIVE", "127.0.0.1", archive.port), "EDGECT", 5, files.client()
    )


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A file of a class that results are of."""
    return save(tmp_path / "report.dcm", image(0, SOPClassUID=uid.ComprehensiveSRStorage, Modality="SR"))


UNTRUSTED = "self-signed|unable to get local issuer"
REFUSED = {
    "of another authority": UNTRUSTED,
    "of another host": "IP address mismatch",
    "expired": "certificate has expired",
    "": "refuses the association",  # it has no TLS: it is not sent in clear instead
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_node_that_cannot_show_who_it_is_gets_nothing(
    certificates: Path, archive: Scp, report: Path, name: str
) -> None:
    archive.start(name)
    with pytest.raises(UnreachableError, match=REFUSED[name]):
        list(destination(archive, own_files(certificates)).deliver([report]))
    assert archive.received == []


def test_a_node_that_the_system_does_not_trust_gets_nothing(
    certificates: Path, archive: Scp, report: Path
) -> None:
    archive.start("archive")
    files = TLSFiles(certificates / "node.pem", certificates / "node.key", None)
    with pytest.raises(UnreachableError, match=UNTRUSTED):
        list(destination(archive, files).deliver([report]))
    assert archive.received == []


def test_a_node_that_does_not_know_this_one_is_reported(
    certificates: Path, archive: Scp, report: Path
) -> None:
    archive.start("archive", authority="other-ca")
    until(lambda: not _refused(archive.port))
    with pytest.raises(UnreachableError, match=r"TLS: .*UNKNOWN_CA"):
        list(destination(archive, own_files(certificates)).deliver([report]))
    assert archive.received == []


def _refused(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) != 0


def test_results_wait_until_the_node_has_a_valid_certificate(
    certificates: Path, archive: Scp, tmp_path: Path
) -> None:
    archive.start("expired")
    tls = (
        "--tls-cert",
        certificates / "node.pem",
        "--tls-key",
        certificates / "node.key",
        "--tls-ca",
        certificates / "ca.pem",
    )
    node = Node(
        tmp_path, "--quiet", 0.2, "--send-to", f"ARCHIVE@127.0.0.1:{archive.port}", *tls, "--receive-in-clear"
    ).start()
    assert send(node, series(tmp_path / "in", 1)).returncode == 0
    until(lambda: "certificate has expired" in node.log_text())
    assert archive.received == []
    assert len(list((node.spool / "results").iterdir())) == 1
    archive.stop()
    archive.start("archive")
    until(lambda: not list((node.spool / "results").iterdir()))
    (received,) = archive.received  # written in full: it was acknowledged
    assert dcmread(received).SOPClassUID == uid.ComprehensiveSRStorage
    assert node.stop() == 0


def test_the_same_certificates_serve_callers_and_the_node_for_results(
    certificates: Path, archive: Scp, tmp_path: Path
) -> None:
    archive.start("archive")
    tls = (
        "--tls-cert",
        certificates / "node.pem",
        "--tls-key",
        certificates / "node.key",
        "--tls-ca",
        certificates / "ca.pem",
    )
    node = Node(tmp_path, "--quiet", 0.2, "--send-to", f"ARCHIVE@127.0.0.1:{archive.port}", *tls).start()
    files = series(tmp_path / "in", 1)
    known = (
        "+tls",
        certificates / "archive.key",
        certificates / "archive.pem",
        "+cf",
        certificates / "ca.pem",
    )
    assert send(node, files, *known).returncode == 0
    until(lambda: archive.received)
    assert node.stop() == 0


def test_without_tls_a_node_elsewhere_needs_a_word(tmp_path: Path) -> None:
    elsewhere = config.RemoteNode("ARCHIVE", "archive.example", 104)
    with pytest.raises(UsageError, match="--send-in-clear"):
        NodeConfig("EDGECT", "127.0.0.1", 0, tmp_path, send_to=elsewhere)
    assert NodeConfig("EDGECT", "127.0.0.1", 0, tmp_path, send_to=elsewhere, in_clear=True)
    assert NodeConfig("EDGECT", "127.0.0.1", 0, tmp_path, send_to=elsewhere, secured=True)


def test_an_encrypted_key_is_an_error_and_no_question(certificates: Path, tmp_path: Path) -> None:
    openssl(
        "rsa",
        "-aes256",
        "-passout",
        "pass:secret",
        "-in",
        certificates / "node.key",
        "-out",
        tmp_path / "node.key",
    )
    line = ["listen", "--spool", tmp_path / "spool", "--out", tmp_path / "out"]
    line += ["--tls-cert", certificates / "node.pem", "--tls-key", tmp_path / "node.key"]
    done = CliRunner().invoke(main, list(map(str, line)))
    assert (done.exit_code, "the key is encrypted" in done.stderr) == (2, True)
