"""A broken link fails the build of the documentation site: Sphinx checks the sources, `docs.check_site` the result."""

import subprocess
import sys
from pathlib import Path

import pytest

from docs import check_site, features
from tests import ROOT

SOUND = {
    "index.html": '<link rel="stylesheet" href="site.css"><a href="a/b.html#here">b</a> <a href="https://example.org">c</a>',
    "a/b.html": '<p id="here"><a href="../index.html">d</a><a href="#here">e</a><img src="data:image/png;base64,"></p>',
    "site.css": "",
}


def site(folder: Path, **changed: str) -> Path:
    for name, text in {**SOUND, **{name.replace("_html", ".html"): text for name, text in changed.items()}}.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
    return folder


def test_a_sound_site_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_site.main([str(site(tmp_path))]) == 0
    assert capsys.readouterr().out.startswith("docs: 2 pages, 0 broken links")


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ('<a href="gone.html">x</a>', "gone.html: there is no such file"),
        ('\n<a href="a/b.html#gone">x</a>', "a/b.html#gone: there is no such anchor"),
        ('<a href="#gone">x</a>', "#gone: there is no such anchor"),
        ('<a href="../outside.html">x</a>', "../outside.html: leads out of the site"),
        ('<img src="gone.svg">', "gone.svg: there is no such file"),
        (
            '<script src="https://cdn.example.org/x.js"></script>',
            "https://cdn.example.org/x.js: is loaded from a network",
        ),
        (
            '<link rel="stylesheet" href="//fonts.example.org/x">',
            "//fonts.example.org/x: is loaded from a network",
        ),
    ],
)
def test_a_broken_link_is_named(page: str, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_site.main([str(site(tmp_path, index_html=page))]) == 1
    line = page.count("\n") + 1
    assert capsys.readouterr().out.splitlines()[0] == f"index.html:{line}: {problem}"


def test_a_missing_site_does_not_pass(tmp_path: Path) -> None:
    assert check_site.main([str(tmp_path)]) == 2


def test_the_build_fails_on_a_link_to_a_page_or_heading_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# Start\n\n[a](gone.md) [b](#nowhere) [c](#start)\n")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "--quiet",
        "--no-color",  # which a CI machine would get
        "-W",
        "--keep-going",
        "-c",
        ROOT / "docs",
        tmp_path,
        tmp_path / "out",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert [line.partition("WARNING: ")[2] for line in done.stderr.splitlines() if "WARNING" in line] == [
        "'myst' cross-reference target not found: 'gone.md' [myst.xref_missing]",
        "'myst' cross-reference target not found: 'nowhere' [myst.xref_missing]",
    ]


def test_each_mermaid_block_becomes_its_picture() -> None:
    text = "# A\n\n```mermaid\ngraph\n```\n\n```text\nx\n```\n\n```mermaid\n```\n"
    assert features.as_pictures(text) == (
        "# A\n\n![diagram](diagrams/1.svg)\n\n```text\nx\n```\n\n![diagram](diagrams/2.svg)\n"
    )


def test_a_page_of_a_feature_leads_to_the_others() -> None:
    page = features.shown("specs/link/behavior", "# The link: behaviour\n\nText.\n")
    assert page.startswith(
        "---\norphan: true\n---\n# The link: behaviour\n\n[all features](../README.md) | [happy path]("
    )
    assert " | behaviour | [diagrams](diagrams.md) | " in page
    assert page.endswith("\n\nText.\n")
    assert features.shown("docs/style", "# Style\n") == "# Style\n"
