"""What the architecture tests read: the rooms, their files, and the templates, as they lie on disk."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {"node_modules", "vendor", "migrations", "var", "__pycache__"}


@cache
def rooms() -> tuple[str, ...]:
    """Return our own apps, from the highest to the lowest as settings name them."""
    from django.conf import settings

    apps = (name.split(".")[0] for name in settings.INSTALLED_APPS)
    return tuple(dict.fromkeys(name for name in apps if (ROOT / name / "__init__.py").is_file()))


def _ours(paths: Iterator[Path]) -> Iterator[Path]:
    for path in sorted(paths):
        parts = path.relative_to(ROOT).parts
        if not any(part in NOT_OURS or part.startswith(".") for part in parts):
            yield path


@cache
def modules() -> tuple[Path, ...]:
    """Return every Python module that is ours and is neither a test nor a migration."""
    return tuple(path for path in _all_python() if not is_test(path))


@cache
def modules_of_tests() -> tuple[Path, ...]:
    """Return every Python module below a folder of tests."""
    return tuple(path for path in _all_python() if is_test(path))


@cache
def _all_python() -> tuple[Path, ...]:
    return tuple(_ours(ROOT.rglob("*.py")))


@cache
def templates() -> tuple[Path, ...]:
    """Return every template."""
    return tuple(_ours((ROOT / "templates").rglob("*.html")))


def is_test(path: Path) -> bool:
    """Say whether a module belongs to tests."""
    return "tests" in path.relative_to(ROOT).parts or path.name == "conftest.py"


def name(path: Path) -> str:
    """Return the path as people write it."""
    return path.relative_to(ROOT).as_posix()


@cache
def text(path: Path) -> str:
    """Return a file's text."""
    return path.read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(text(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method of a module."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function has, without its decorators."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the last name of everything that a module calls, with its line: `a.b.c()` gives c."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id, node.lineno
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr, node.lineno


def calls_of(name: str, path: Path) -> Iterator[ast.Call]:
    """Yield every call of a method of that name."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
            yield node


def is_view_module(path: Path) -> bool:
    """Say whether a module holds views."""
    return path.name == "views.py" or path.parent.name == "views"
