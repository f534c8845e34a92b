"""The README's table of chapters, written from what the chapters say of themselves: python -m lab.contents"""

from pathlib import Path

from .chapter import GROUPS, chapters

README = Path(__file__).parent.parent / "README.md"
START, END = "<!-- chapters -->\n", "<!-- /chapters -->"


def table() -> str:
    """Every chapter with its address, in the order of the navigation."""
    lines = ["| | address | chapter | |", "| --- | --- | --- | --- |"]
    for chapter, _render in chapters().values():
        address = "/" if chapter.home else f"/{chapter.id}"
        told = (chapter.sentence or chapter.lead).replace("|", "\\|")
        lines.append(f"| {GROUPS[chapter.group]} | `{address}` | {chapter.title} | {_plain(told)} |")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """A sentence without the marks of terms."""
    while "[[" in text:
        before, _, rest = text.partition("[[")
        term, _, after = rest.partition("]]")
        text = before + term.replace("\\|", "|").split("|")[-1] + after
    return text


def main() -> None:
    before, rest = README.read_text("utf-8").split(START)
    README.write_text(before + START + table() + END + rest.split(END)[1], "utf-8")


if __name__ == "__main__":
    main()
