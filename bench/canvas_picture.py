"""Draws a canvas filling up as an animated SVG: ``python -m bench.canvas_picture docs/canvas.svg``.

The shipped model fills two holes of a C function. Each step is a group of the picture that is shown for its share of
the time (CSS animations, no script), so that it plays where SVG images are shown.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from gramarye import engine

SECONDS = 0.45
"""Of a step; the last one stays for six."""
WIDTH, SIZE = 8.4, 14
LINE = 22
COLOURS = {"given": "#8b949e", "open": "#30363d", "old": "#7ee787", "new": "#0d1117"}
PARTS: list[str | bytes | engine.Hole] = [
    "int max(int a, int b) {\n    if (",
    engine.Hole(5),
    ") {\n        ",
    engine.Hole(9),
    "\n    }\n    return b;\n}\n",
]


def frames() -> list[list[tuple[str, str]]]:
    """The pieces of each step with their styles: given, open, old or new."""
    text = (Path(__file__).resolve().parents[1] / "schemas/c_subset.lark").read_text(encoding="utf-8")
    chunks: Any = engine.infill("tiny", PARTS, lark=text, lexer="basic", prompt="c max\n", seed=1, stream=True)
    pictures: list[list[tuple[str, str]]] = []
    for chunk in chunks:
        if not pictures:
            pictures.append(_picture(chunk.pieces, chunk.given, (), frozenset(chunk.step.new)))
        pictures.append(_picture(chunk.pieces, chunk.given, chunk.step.new, frozenset()))
    return pictures


def _picture(pieces: Any, given: frozenset[int], new: Any, hidden: frozenset[int]) -> list[tuple[str, str]]:
    styled = []
    for position, piece in enumerate(pieces):
        if piece is None or position in hidden:
            styled.append(("▒▒", "open"))
        else:
            style = "given" if position in given else "new" if position in new else "old"
            styled.append((piece.decode("utf-8", "replace"), style))
    return styled


def draw(pictures: list[list[tuple[str, str]]]) -> str:
    """The SVG of the frames."""
    total = (len(pictures) + 5) * SECONDS
    lines = max("".join(piece for piece, _ in one).count("\n") for one in pictures) + 1
    body, rules = [], []
    for index, picture in enumerate(pictures):
        start = index * SECONDS / total * 100
        stop = 100.0 if index == len(pictures) - 1 else (index + 1) * SECONDS / total * 100
        shown = f"{start:.2f}%{{opacity:1}}{stop:.2f}%{{opacity:0}}"
        first = "0%{opacity:0}" if index else ""
        rules.append(f"@keyframes f{index}{{{first}{shown}100%{{opacity:0}}}}")
        rules.append(f"#f{index}{{animation:f{index} {total:.2f}s step-end infinite}}")
        body.append(f'<g id="f{index}" opacity="{1 if index == len(pictures) - 1 else 0}">{_text(picture)}</g>')
    height = lines * LINE + 24
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="520" height="{height}" viewBox="0 0 520 {height}">\n'
        f"<style>text{{font:{SIZE}px monospace;white-space:pre}}{''.join(rules)}</style>\n"
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _text(picture: list[tuple[str, str]]) -> str:
    """The pieces of one frame, placed by hand: monospace letters in rows."""
    parts = []
    column = row = 0
    for piece, style in picture:
        for index, run in enumerate(piece.split("\n")):
            if index:
                column, row = 0, row + 1
            if run:
                x, y = 16 + column * WIDTH, 26 + row * LINE
                wide = len(run) * WIDTH
                if style == "new":
                    parts.append(f'<rect x="{x:.1f}" y="{y - 14}" width="{wide:.1f}" height="19" fill="#7ee787"/>')
                parts.append(
                    f'<text x="{x:.1f}" y="{y}" textLength="{wide:.1f}" fill="{COLOURS[style]}">{escape(run)}</text>'
                )
            column += len(run)
    return "".join(parts)


def main() -> None:
    """Draw to the file that is named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.parse_args().file.write_text(draw(frames()), encoding="utf-8")


if __name__ == "__main__":
    main()
