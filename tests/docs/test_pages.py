"""Pages that are made of the code, links, names of tests, and what is said in more than one place."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

import edgect
from docs.generate.manifest import DESCRIPTIVE
from docs.generate.pages import pages
from edgect.model.bundles.bundle import Bundle, bundled_names
from edgect.model.bundles.manifest import Manifest
from edgect.rows.columns import SERIES_COLUMNS, SLICE_COLUMNS

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md", "train/*.md", "tests/*.md", "examples/*.md")
    for path in ROOT.glob(pattern)
    if path.name != "template.md"
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return pages()


def test_pages_that_are_made_of_the_code_are_those_of_the_code(made: dict[str, str]) -> None:
    stale = [name for name, text in made.items() if (ROOT / name).read_text(encoding="utf-8") != text]
    assert stale == [], "write them again: python -m docs.generate"


def test_the_tutorial_states_the_limits_of_the_default_networks_rule_for_series() -> None:
    limits = Bundle.load("lungs").manifest.series_rule
    assert limits
    page = " ".join((ROOT / "docs/tutorials/folder.md").read_text(encoding="utf-8").split())
    assert f"COVID-19 where at least {100 * limits.high:.0f} % of the answered slices" in page
    assert f"not COVID-19 where fewer than {100 * limits.low:.0f} % do" in page


def test_every_section_of_a_bundles_manifest_is_explained() -> None:
    explained = set(DESCRIPTIVE) | set(Manifest.__dataclass_fields__) | {"conformal"}
    for name in bundled_names():
        assert set(Bundle.load(name).manifest.document) <= explained


def anchors(page: Path) -> set[str]:
    """Of the headings, as forges and the site make them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    lost = []
    for link in LINK.findall(text):
        target, _, anchor = link.partition("#")
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("page", ["docs/risk/README.md", "docs/risk/data-flow.md", "docs/how-to/windows.md"])
def test_tests_that_pages_name_are_there(page: str) -> None:
    named = TEST.findall((ROOT / page).read_text(encoding="utf-8"))
    assert named
    for file, test in named:
        source = (ROOT / file).read_text(encoding="utf-8")
        assert not test or f"def {test}(" in source, f"{file}::{test}"


def test_the_version_is_said_once_and_repeated_right() -> None:
    version = edgect.__version__
    assert metadata.version("edgect") == version
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    released = re.findall(r"^## (\d\S+) \((.*)\)\n", changes, re.MULTILINE)
    date = re.search(r"^date-released: (.*)$", cited, re.MULTILINE)
    assert date is not None
    assert released[0] == (version, date[1])
    assert re.search(rf"^## {re.escape(version)} .*\n+### Upgrading from ", changes, re.MULTILINE)
    assert re.search(rf"^version: {re.escape(version)}$", cited, re.MULTILINE)
    assert {column.since for column in (*SLICE_COLUMNS, *SERIES_COLUMNS)} <= {name for name, _ in released}


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_every_page_is_in_the_site() -> None:
    listed = "".join((ROOT / page).read_text() for page in ("docs/index.md", "docs/measurements.md"))
    entries = {
        (ROOT / "docs" / line).resolve()
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", listed, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
        if line and not line.startswith(":")
    }
    pages = {page.with_suffix("") for page in PAGES} - {ROOT / "docs/index"}
    assert pages - entries == set()
