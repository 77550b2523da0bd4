"""All wheels that edgect needs, with their hashes, for machines without a network.

python examples/wheelhouse.py wheelhouse serve dicom

Run it in a clone of the repository, on a machine with a network. It fills the folder with wheels of edgect
and of all that it needs with the extras named, and writes `requirements.txt` with the version and the SHA-256
of each. For machines of another kind, name theirs: `--platform manylinux2014_aarch64 --python-version 3.13`.
The engine is then the default there; `onnxruntime` and `openvino` are extras that bring the other.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def requirements(wheelhouse: Path) -> str:
    """A line for each wheel, as `pip install --require-hashes` wants it."""
    lines = []
    for wheel in sorted(wheelhouse.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{name.replace('_', '-').lower()}=={version} --hash=sha256:{digest}\n")
    return "".join(lines)


def needed(wheel: Path, extras: list[str], platforms: list[str]) -> list[str]:
    """Requirements of edgect's wheel on other platforms, whose markers pip would hold against this one."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = message_from_bytes(archive.read(name)).get_all("Requires-Dist", [])
    engine = "onnxruntime" if all(re.search("linux.*aarch64", name) for name in platforms) else "openvino"
    wanted = ["", *(f'extra == "{extra}"' for extra in (engine, *extras))]
    parts = [line.partition(";") for line in lines]
    return [requirement.strip() for requirement, _, marker in parts if marker.strip() in wanted]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("wheelhouse", type=Path)
    parser.add_argument("extras", nargs="*", help="such as serve and dicom")
    parser.add_argument("--platform", action="append", default=[], help="of the machines, as pip names it")
    parser.add_argument("--python-version", help="of the machines, such as 3.13")
    options = parser.parse_args()
    options.wheelhouse.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", options.wheelhouse, ROOT], check=True)
    (edgect,) = options.wheelhouse.glob("edgect-*.whl")
    wanted = [f"edgect[{','.join(options.extras)}] @ {edgect.resolve().as_uri()}"]
    if options.platform:
        wanted = needed(edgect, options.extras, options.platform)
    other = [f"--platform={name}" for name in options.platform]
    if options.python_version:
        other.append(f"--python-version={options.python_version}")
    subprocess.run(
        [*pip, "download", "--only-binary=:all:", *other, "--dest", options.wheelhouse, *wanted], check=True
    )
    (options.wheelhouse / "requirements.txt").write_text(requirements(options.wheelhouse), encoding="utf-8")


if __name__ == "__main__":
    main()
