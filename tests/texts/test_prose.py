"""The long texts: every chapter's file in every language, with the same sections, gaps and formulas."""

import re

import pytest

import texts
from texts.catalog import HERE, SOURCE

FILES = sorted({path.name for language in texts.LANGUAGES for path in (HERE / language).glob("*.md")})
FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$]+\$", re.S)
WORDS = re.compile(r"\\text\w*\{[^}]*\}")  # within a formula


def formulas(text):
    return {WORDS.sub("text", " ".join(formula.split())) for formula in FORMULA.findall(text)}


def gaps(text):
    return set(re.findall(r"\{\w+\}", FORMULA.sub("", text)))


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("file", FILES)
def test_a_chapters_prose_is_the_same_in_every_language(file, language):
    assert (HERE / language / file).is_file()
    source, told = (texts.prose(code, file.removesuffix(".md")) for code in (SOURCE, language))
    assert list(told) == list(source)
    for section, text in told.items():
        assert text, section
        assert gaps(text) == gaps(source[section]), section
        assert formulas(text) == formulas(source[section]), section


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_term_has_one_meaning(language):
    path = HERE / language / "glossary.md"
    heads = [line for line in path.read_text("utf-8").splitlines() if line.startswith("## ")]
    assert len(heads) == len(set(heads))
