"""What the Kubernetes example says of the server, held against the server and its Containerfile."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_it_asks_for_paths_and_folders_that_there_are() -> None:
    yaml = pytest.importorskip("yaml")
    openapi = pytest.importorskip("edgect.services.serve.openapi")
    deployment, service = yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text())
    pod = deployment["spec"]["template"]["spec"]
    container = pod["containers"][0]
    paths = openapi.document(token=True)["paths"]
    assert container["livenessProbe"]["httpGet"]["path"] in paths
    assert container["readinessProbe"]["httpGet"]["path"] in paths

    containerfile = (EXAMPLES / "Containerfile").read_text()
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert set(re.findall(r"^VOLUME (.+)$", containerfile, re.MULTILINE)[0].split()) <= mounted
    assert f"EXPOSE {container['ports'][0]['containerPort']}" in containerfile
    token = next(mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "token")
    assert f"{token}/edgect-token" in containerfile
    assert str(pod["securityContext"]["runAsUser"]) in re.findall(r"^USER (\d+)", containerfile, re.MULTILINE)
    assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    assert {volume["name"] for volume in pod["volumes"]} == {
        mount["name"] for mount in container["volumeMounts"]
    }
