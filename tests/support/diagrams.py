"""Renders the mermaid blocks of specs/*/diagrams.md to specs/<feature>/diagrams/<n>.svg, and tells stale pictures.

    python -m tests.support.diagrams [FEATURE ...]

The real mermaid renders them in a headless Chromium, so what the page of a repository shows and what lies here are one
picture. Mermaid is installed by npm into the user's cache folder, never into the project. Each picture is
self-contained (no external font, script or address) and holds the SHA-256 of its block: a test fails when a block
changes without its picture. The test needs no browser.

Exit codes: 0 rendered, 1 a block with an error (file and line are named), 2 a tool is missing.
"""

import base64
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from specs import FOLDER
from specs.verification.plan import features

MERMAID = "11.17.2"
RENDER_SECONDS_MAX = 120
_BLOCK = re.compile(r"^```mermaid[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_HASH = re.compile(r"<!-- source SHA-256: ([0-9a-f]{64}) -->")
_ELSEWHERE = re.compile(r"<script|<foreignObject|@import|(?:href|src)=\"(?!#)|url\((?!#)", re.IGNORECASE)
_ERROR_LINE = re.compile(r"on line (\d+)")
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--allow-file-access-from-files", "--virtual-time-budget=60000"),
)
_PAGE = """<!doctype html><meta charset="utf-8"><script src="{script}"></script>
<body><pre id="out"></pre><script>
const sources = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob("{sources}"), c => c.charCodeAt(0))));
const look = {{ htmlLabels: false, useMaxWidth: false }};
mermaid.initialize({{
  startOnLoad: false, theme: "neutral", securityLevel: "strict", fontFamily: "sans-serif", deterministicIds: true,
  htmlLabels: false, flowchart: look, sequence: {{ useMaxWidth: false, mirrorActors: false }}, state: look,
}});
(async () => {{
  const results = [];
  for (const [index, source] of sources.entries()) {{
    try {{
      await mermaid.parse(source);
      results.push({{ svg: (await mermaid.render("d" + index, source)).svg }});
    }} catch (error) {{
      results.push({{ error: String(error.message || error) }});
    }}
  }}
  const bytes = Array.from(new TextEncoder().encode(JSON.stringify(results)), b => String.fromCharCode(b));
  document.getElementById("out").textContent = "RESULT:" + btoa(bytes.join("")) + ":";
}})();
</script>"""


class ToolMissing(Exception):
    """Something that renders is not installed; the message says what to do."""


@dataclass(frozen=True)
class Block:
    """The `number`th mermaid block (from 1) of a file; `line` is that of its first line of text."""

    path: Path
    number: int
    line: int
    source: str

    @property
    def picture(self) -> Path:
        return self.path.parent / "diagrams" / f"{self.number}.svg"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.source.encode("utf-8")).hexdigest()


def blocks(path: Path) -> list[Block]:
    """The mermaid blocks of a file, in order."""
    text = path.read_text(encoding="utf-8")
    return [
        Block(path, number, text.count("\n", 0, match.start(1)) + 1, match[1])
        for number, match in enumerate(_BLOCK.finditer(text), 1)
    ]


def faults(path: Path) -> list[str]:
    """What is wrong with the pictures of a diagrams.md: missing, stale, left over, or not standing alone."""
    found = []
    wanted = blocks(path)
    for block in wanted:
        if not block.picture.is_file():
            found.append(f"{block.picture} is missing")
            continue
        text = block.picture.read_text(encoding="utf-8")
        told = _HASH.search(text)
        if told is None or told[1] != block.digest:
            found.append(f"{block.picture} is not the picture of {path}:{block.line}")
        elsewhere = _ELSEWHERE.search(text)
        if elsewhere is not None:
            found.append(f"{block.picture} does not stand alone: {elsewhere[0]}")
    kept = {block.picture for block in wanted}
    found += [f"{other} belongs to no block" for other in path.parent.glob("diagrams/*.svg") if other not in kept]
    return found


def render(wanted: list[Block]) -> list[str]:
    """Render these blocks to their pictures. Returns complaints about blocks that mermaid rejects, with file and line.

    Raises ToolMissing.
    """
    complaints = []
    for block, result in zip(wanted, _rendered([block.source for block in wanted]), strict=True):
        if "error" in result:
            named = _ERROR_LINE.search(result["error"])
            line = block.line + int(named[1]) - 1 if named else block.line
            complaints.append(f"{block.path}:{line}: {' '.join(result['error'].split())}")
            continue
        block.picture.parent.mkdir(exist_ok=True)
        block.picture.write_text(_standing_alone(result["svg"], block), encoding="utf-8")
    return complaints


def _standing_alone(svg: str, block: Block) -> str:
    """A white ground, entities that XML knows, and the hash of the source."""
    svg = re.sub(r"<br\s*>", "<br/>", svg).replace("&nbsp;", "&#160;")
    svg = re.sub(r' data-[a-z-]+="[^"]*"', "", svg)  # for mermaid's own interaction
    svg = re.sub(r"@keyframes[^{]*\{(?:[^{}]*\{[^{}]*\})*\}", "", svg)  # pictures do not move
    svg = re.sub(r"(<svg [^>]*?)style=\"[^\"]*\"", r"\1", svg, count=1).replace(
        "<svg ", '<svg style="background:#fff" ', 1
    )
    return f"{svg.replace('>', f'><!-- source SHA-256: {block.digest} -->', 1)}\n"


def _rendered(sources: list[str]) -> list[dict[str, str]]:
    chromium = _tool("chromium", "chromium-browser", "google-chrome", remedy="apt-get install chromium")
    script = _mermaid()
    with tempfile.TemporaryDirectory(prefix="amu-diagrams-") as scratch:
        page = Path(scratch) / "page.html"
        packed = base64.b64encode(json.dumps(sources).encode("utf-8")).decode("ascii")
        page.write_text(_PAGE.format(script=script.as_uri(), sources=packed), encoding="utf-8")
        profile = f"--user-data-dir={scratch}/profile"
        done = subprocess.run(
            [chromium, *_FLAGS, profile, "--dump-dom", page.as_uri()],
            capture_output=True,
            timeout=RENDER_SECONDS_MAX,
            check=False,
        )
    found = re.search(r"RESULT:([A-Za-z0-9+/=]*):", html.unescape(done.stdout.decode("utf-8", "replace")))
    if found is None:
        raise ToolMissing(f"Chromium rendered nothing:\n{done.stderr.decode('utf-8', 'replace')[-2000:]}")
    results: list[dict[str, str]] = json.loads(base64.b64decode(found[1]))
    return results


def _mermaid() -> Path:
    """mermaid.min.js, installed if it is not yet."""
    base = os.environ.get("AMU_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "amu-swarm"
    folder = Path(base) / f"mermaid-{MERMAID}"
    script = folder / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
    if not script.is_file():
        npm = _tool("npm", remedy="install Node.js with npm (nodejs.org)")
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
        done = subprocess.run([*command, f"mermaid@{MERMAID}"], capture_output=True, text=True, check=False)
        if done.returncode or not script.is_file():
            raise ToolMissing(f"npm could not install mermaid@{MERMAID}:\n{done.stderr[-2000:]}")
    return script


def _tool(*names: str, remedy: str) -> str:
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    raise ToolMissing(f"no {names[0]} on PATH: {remedy}")


def main(chosen: list[str]) -> int:
    paths = [FOLDER / feature / "diagrams.md" for feature in chosen or features()]
    present = [path for path in paths if path.is_file()]
    for path in paths:
        if path not in present:
            print(f"{path} is not there yet")
    wanted = [block for path in present for block in blocks(path)]
    for path in present:
        kept = {block.picture for block in wanted}
        for other in path.parent.glob("diagrams/*.svg"):
            if other not in kept:
                other.unlink()
    try:
        complaints = render(wanted)
    except ToolMissing as error:
        print(error, file=sys.stderr)
        return 2
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{len(wanted) - len(complaints)} of {len(wanted)} diagrams rendered")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
