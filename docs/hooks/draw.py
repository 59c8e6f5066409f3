"""``python -m docs.hooks.draw``: draws the diagrams that are not drawn yet, removes stale drawings.

Needs npm, a package registry and Chromium. Mermaid's own program draws in a browser that has no
network.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from docs.hooks.figures import THEMES, diagrams
from docs.hooks.paths import FIGURES

MERMAID = "mermaid@12.3.0"
PROGRAM = "package/dist/mermaid.min.js"
COLOURS = {
    "light": {
        "background": "#ffffff", "primaryColor": "#eef4f6", "primaryBorderColor": "#1d6a78",
        "primaryTextColor": "#16262b", "lineColor": "#5b6b70", "clusterBkg": "#f8fafb",
        "clusterBorder": "#b9c7cb", "edgeLabelBackground": "#ffffff", "titleColor": "#16262b",
    },
    "dark": {
        "background": "#1e2129", "primaryColor": "#21343c", "primaryBorderColor": "#6cc3d0",
        "primaryTextColor": "#e6eef0", "lineColor": "#9fb0b5", "clusterBkg": "#23272f",
        "clusterBorder": "#4a565b", "edgeLabelBackground": "#1e2129", "titleColor": "#e6eef0",
    },
}  # fmt: skip
# SVG text and no HTML in it, since an image shows no foreign objects in every browser.
DRAW = """async ([text, colours, name]) => {
  mermaid.initialize({startOnLoad: false, theme: "base", htmlLabels: false,
    fontFamily: "Helvetica, Arial, sans-serif", themeVariables: colours,
    look: "classic", flowchart: {htmlLabels: false, useMaxWidth: false, wrappingWidth: 260},
    securityLevel: "strict"});
  return (await mermaid.render(name, text)).svg;
}"""


def program(folder: Path) -> str:
    """Fetch Mermaid's program from the npm registry."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is needed to draw diagrams: install Node.js")
    subprocess.run([npm, "pack", "--silent", MERMAID], cwd=folder, check=True, stdout=sys.stderr)
    with tarfile.open(next(folder.glob("mermaid-*.tgz"))) as archive:
        member = archive.extractfile(PROGRAM)
        if member is None:
            sys.exit(f"{MERMAID} has no {PROGRAM}: name a version that has")
        return member.read().decode()


def upright(diagram: str) -> str:
    """Turn a diagram to run downwards: a page's column is narrow, and a telephone narrower."""
    return re.sub(r"^flowchart LR$", "flowchart TB", diagram, count=1, flags=re.MULTILINE)


def small(drawn: str) -> str:
    """Return a drawing without what only Mermaid's own scripts read, a tenth of a pixel exact."""
    drawn = re.sub(r' data-points="[^"]*"', "", drawn)
    drawn = re.sub(r"@keyframes [\w-]+\{(?:[^{}]*\{[^{}]*\})*\}", "", drawn)
    drawn = re.sub(r"(\d+\.\d)\d+", r"\1", drawn)
    return re.sub(r"\s*\n\s*", " ", drawn) + "\n"


def main() -> None:
    """Draw what is missing."""
    wanted = {f"{name}-{theme}.svg": (name, theme) for name in diagrams() for theme in THEMES}
    for stale in set(FIGURES.glob("*-light.svg")) | set(FIGURES.glob("*-dark.svg")):
        if stale.name not in wanted:
            stale.unlink()
    missing = {file: at for file, at in wanted.items() if not (FIGURES / file).is_file()}
    if not missing:
        return
    texts = diagrams()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        page = browser.new_context(offline=True).new_page()
        page.set_content("<!doctype html><body></body>")
        page.add_script_tag(content=program(Path(scratch)))
        for file, (name, theme) in sorted(missing.items()):
            drawn = page.evaluate(DRAW, [upright(texts[name]), COLOURS[theme], f"d{name}"])
            (FIGURES / file).write_text(small(drawn))
            sys.stdout.write(f"{file}\n")
        browser.close()


if __name__ == "__main__":
    main()
