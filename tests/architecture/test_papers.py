"""The papers name what exists."""

from __future__ import annotations

import re

import pytest

from . import house

PAPERS = [path for path in (house.ROOT / "README.md", house.ROOT / "CONTRIBUTING.md") if path.exists()]
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
COMMAND = re.compile(r"\bmake ([a-z]+)\b")
IN_CODE = re.compile(r"`([^`\n]+)`|^```.*?^```", re.MULTILINE | re.DOTALL)


def _code(paper: str) -> str:
    return "\n".join(match.group(0) for match in IN_CODE.finditer(paper))


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.name)
def test_commands_in_the_papers_exist_in_the_makefile(paper):
    targets = set(TARGET.findall(house.text(house.ROOT / "Makefile")))
    assert set(COMMAND.findall(_code(house.text(paper)))) - targets == set()


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.name)
def test_links_between_the_papers_lead_somewhere(paper):
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", house.text(paper))
    assert [link for link in links if not (paper.parent / link).exists()] == []


def test_requirements_are_pinned_exactly():
    loose = []
    for path in house.ROOT.glob("requirements*.txt"):
        for line in house.text(path).splitlines():
            is_pinned = re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[\w.!+]+( *;.*)?", line)
            if line and not line.startswith(("#", "-r ")) and not is_pinned:
                loose.append(f"{path.name}: {line}")
    assert loose == []
