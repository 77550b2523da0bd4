"""Limits of control groups, in the layouts that systemd, Docker, Podman and Kubernetes make."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgect.machine import cgroups, processor

V2 = "30 20 0:26 {top} {at} rw,nosuid shared:4 - cgroup2 cgroup2 rw\n"
V1 = "31 20 0:27 {top} {at} rw,nosuid shared:5 - cgroup cgroup rw,{names}\n"
PROC = "21 20 0:21 / /proc rw - proc proc rw\n"


def system(root: Path, groups: str, mounts: str, **files: str) -> Path:
    """A file system in which this process is in `groups`."""
    contents = {"proc/self/cgroup": groups, "proc/self/mountinfo": PROC + mounts}
    contents |= {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    for name, text in contents.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def two(root: Path, group: str, top: str = "/", **files: str) -> Path:
    return system(root, f"0::{group}\n", V2.format(top=top, at="/sys/fs/cgroup"), **files)


def hierarchy(root: Path, group: str, top: str = "/", **files: str) -> Path:
    """Version 1, with cpu and cpuacct in one hierarchy, as systemd mounts them."""
    groups = f"12:memory:{group}\n4:cpu,cpuacct:{group}\n1:name=systemd:/elsewhere\n"
    mounts = V1.format(top=top, at="/sys/fs/cgroup/cpu,cpuacct", names="cpu,cpuacct")
    mounts += V1.format(top=top, at="/sys/fs/cgroup/memory", names="memory")
    return system(root, groups, mounts, **files)


def cfs(folder: str, quota: int, period: int = 100_000) -> dict[str, str]:
    return {
        f"cpu,cpuacct/{folder}cpu.cfs_quota_us": f"{quota}\n",
        f"cpu,cpuacct/{folder}cpu.cfs_period_us": f"{period}\n",
    }


def test_a_container_in_its_own_namespace_sees_its_quota_on_top(tmp_path: Path) -> None:
    assert cgroups.cores(two(tmp_path, "/", **{"cpu.max": "150000 100000\n"})) == 1.5


def test_the_smallest_quota_of_nested_groups_holds(tmp_path: Path) -> None:
    files = {
        "kubepods.slice/cpu.max": "max 100000\n",
        "kubepods.slice/pod.slice/cpu.max": "50000 100000\n",
        "kubepods.slice/pod.slice/run.scope/cpu.max": "400000 100000\n",
        "other.slice/cpu.max": "1000 100000\n",
    }
    assert cgroups.cores(two(tmp_path, "/kubepods.slice/pod.slice/run.scope", **files)) == 0.5


def test_a_group_without_quota_has_none(tmp_path: Path) -> None:
    assert cgroups.cores(two(tmp_path, "/a", **{"a/cpu.max": "max 100000\n"})) is None
    assert cgroups.cores(hierarchy(tmp_path / "1", "/a", **cfs("a/", -1))) is None


def test_version_1_as_systemd_and_docker_have_it(tmp_path: Path) -> None:
    nested = cfs("a/", 300_000) | cfs("a/b/", 50_000, 25_000)
    assert cgroups.cores(hierarchy(tmp_path / "1", "/a/b", **nested)) == 2
    inside = hierarchy(tmp_path / "2", "/docker/0af3", top="/docker/0af3", **cfs("", 200_000))
    assert cgroups.cores(inside) == 2


@pytest.mark.parametrize("group", ["/docker/0af3", "/../../0af3"])
def test_a_path_that_is_not_to_be_seen_is_the_group_on_top(tmp_path: Path, group: str) -> None:
    assert cgroups.cores(hierarchy(tmp_path / "1", group, top="/other", **cfs("", 100_000))) == 1
    assert cgroups.cores(two(tmp_path / "2", group, **{"cpu.max": "100000 100000\n"})) in (1, None)


def test_both_versions_at_once(tmp_path: Path) -> None:
    groups = "4:cpu:/a\n0::/init.scope\n"
    mounts = V1.format(top="/", at="/sys/fs/cgroup/cpu", names="cpu")
    mounts += V2.format(top="/", at="/sys/fs/cgroup/uni\\040fied")
    files = {
        "cpu/a/cpu.cfs_quota_us": "300000",
        "cpu/a/cpu.cfs_period_us": "100000",
        "uni fied/init.scope/cpu.max": "200000 100000",
    }
    assert cgroups.cores(system(tmp_path, groups, mounts, **files)) == 2


def test_a_system_that_tells_nothing_limits_nothing(tmp_path: Path) -> None:
    assert (cgroups.cores(tmp_path), cgroups.memory(tmp_path)) == (None, None)


@pytest.mark.parametrize("text", ["", "\n", "max", "x y", "-5 100000", "100000 0", "1 2 3"])
def test_what_is_no_quota_is_none(tmp_path: Path, text: str) -> None:
    assert cgroups.cores(two(tmp_path, "/", **{"cpu.max": text})) is None


@given(groups=st.text(), mounts=st.text())
def test_lines_of_any_kind_limit_nothing(
    tmp_path_factory: pytest.TempPathFactory, groups: str, mounts: str
) -> None:
    root = tmp_path_factory.mktemp("root")
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups, encoding="utf-8", errors="replace")
    (root / "proc/self/mountinfo").write_text(mounts, encoding="utf-8", errors="replace")
    assert (cgroups.cores(root), cgroups.memory(root)) == (None, None)


def test_memory_is_what_the_tightest_group_leaves(tmp_path: Path) -> None:
    files = {
        "a/memory.max": "4000\n",
        "a/memory.current": "3900\n",
        "a/b/memory.max": "1000\n",
        "a/b/memory.current": "200\n",
    }
    assert cgroups.memory(two(tmp_path / "2", "/a/b", **files)) == (4000, 100)
    files = {"memory/a/memory.limit_in_bytes": "1000", "memory/a/memory.usage_in_bytes": "300"}
    assert cgroups.memory(hierarchy(tmp_path / "1", "/a", **files)) == (1000, 700)


@pytest.mark.parametrize(
    ("quota", "cores"), [(None, 8), (64.0, 8), (8.0, 8), (2.5, 3), (1.0, 1), (0.25, 1), (0.001, 1)]
)
def test_cores_are_those_that_the_quota_pays_for(
    monkeypatch: pytest.MonkeyPatch, quota: float | None, cores: int
) -> None:
    monkeypatch.setattr(os, "process_cpu_count", lambda: 8, raising=False)
    monkeypatch.setattr(cgroups, "cores", lambda: quota)
    assert processor.available_cores() == cores


def test_cores_are_counted_by_affinity_before_python_3_13(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2, 5}, raising=False)
    monkeypatch.setattr(cgroups, "cores", lambda: None)
    assert processor.available_cores() == 3
