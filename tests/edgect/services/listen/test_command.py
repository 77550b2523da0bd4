"""What the command says before it listens."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgect.cli import main
from tests.edgect.services.listen.listen_process import Node, call, needs_dcmtk, until

WRONG = {
    "says who may send": (("--host", "0.0.0.0"), "say with --calling TITLE who may send"),
    "has no place for results": ((), "nowhere to put results"),
    "has a title that is none": (("--ae-title", "LONGER THAN SIXTEEN"), "is no AE title"),
    "has a backslash in a title": (("--calling", "A\\B"), "is no AE title"),
    "names no node": (("--send-to", "ARCHIVE:104"), "names no node; write TITLE@HOST:PORT"),
    "names no port": (("--send-to", "ARCHIVE@here:99999"), "names no node"),
    "sends in clear": (("--send-to", "ARCHIVE@archive.example:104"), "or say --send-in-clear"),
    "sends nothing in clear": (("--send-in-clear",), "goes with --send-to"),
    "has no TLS but of callers": (("--receive-in-clear",), "goes with --tls-ca or --tls-cert"),
    "wants certificates and has none": (("--tls-ca", "a.pem"), "--tls-ca with them"),
    "has no file of rules": (("--rules", "none.toml"), "--rules none.toml: cannot be read"),
    "has half of a certificate": (("--tls-cert", "a.pem"), "go together"),
}


@pytest.mark.parametrize("why", WRONG)
def test_what_cannot_be_is_said(why: str, tmp_path: Path) -> None:
    options, message = WRONG[why]
    line = ["listen", "--spool", str(tmp_path / "spool"), *options]
    if why != "has no place for results":
        line += ["--out", str(tmp_path / "out")]
    done = CliRunner().invoke(main, line)
    assert done.exit_code == 2
    assert message in done.stderr
    assert not (tmp_path / "spool").exists()


def test_results_do_not_go_into_the_spool(tmp_path: Path) -> None:
    line = ["listen", "--spool", str(tmp_path), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(main, line)
    assert (done.exit_code, "lies in --spool" in done.stderr) == (2, True)


@pytest.mark.parametrize("package", ["pynetdicom", "highdicom", "pydicom"])
def test_without_the_extra_it_names_it(package: str, tmp_path: Path) -> None:
    program = f"import sys; sys.modules[{package!r}] = None; from edgect.cli import main; main()"
    line = ["listen", "--spool", str(tmp_path / "spool"), "--out", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "-c", program, *line], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert f"listening needs {package}, which is not installed: pip install 'highdicom>=" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_says_that_titles_are_no_authentication() -> None:
    assert "AE titles are no authentication" in " ".join(
        CliRunner().invoke(main, ["listen", "--help"]).stdout.split()
    )


@needs_dcmtk
@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make certificates")
def test_with_tls_a_caller_without_a_certificate_gets_nowhere(tmp_path: Path) -> None:
    import socket

    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    line = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    line += ["-keyout", str(key), "-out", str(certificate), "-days", "2"]
    subprocess.run(line, check=True, capture_output=True)
    tls = ("--tls-cert", certificate, "--tls-key", key, "--tls-ca", certificate)
    node = Node(tmp_path, *tls, "--timeout", 2).start()
    with socket.create_connection(("127.0.0.1", node.port)):  # says nothing, and holds up nobody
        known = ("+tls", key, certificate, "+cf", certificate)
        assert call("echoscu", node, *known).returncode == 0
        assert call("echoscu", node).returncode != 0
        assert call("echoscu", node, "+tla", "-ic").returncode != 0
        until(lambda: call("echoscu", node, *known).returncode == 0)
    assert node.stop() == 0
    assert "a caller at 127.0.0.1 was turned away: no association requested (TLS: " in node.log_text()
    assert "Traceback" not in node.log_text()
