"""Inside every room the same few files, and every room known to the import checker."""

from __future__ import annotations

import ast
import configparser
import re

from . import house

SAME_IN_EVERY_ROOM = {
    "__init__", "admin", "apps", "consumers", "forms", "gateways", "management", "migrations", "models", "operations",
    "queries", "registrations", "routing", "rules", "tasks", "templatetags", "tests", "urls", "views",
}  # fmt: skip
# What a room has beyond these: registries that higher rooms fill, and what Django asks for by path.
OF_ITS_OWN = {
    "dashboards": {"navigation", "words"},
    "appointments": {"purposes", "slots", "signals"},
    "billing": {"documents", "invariants", "purposes", "simulator"},
    "doctors": {"areas", "extras", "signals"},
    "patients": {"areas", "parts"},
    "hospitals": {"areas", "losses", "middleware", "signals", "words"},
    "accounts": {
        "authenticator", "backends", "browsers", "fields", "http", "keys", "middleware", "signals", "throttles", "tokens",
    },
    "notifications": {"kinds", "mailbox"},
    "ledger": {"kinds", "triggers", "canonical"},
}  # fmt: skip
FREE = {"healthstack", "core"}  # the project itself, and the room of shared pieces


def test_rooms_hold_the_same_few_files():
    strangers = []
    for room in set(house.rooms()) - FREE:
        known = SAME_IN_EVERY_ROOM | OF_ITS_OWN.get(room, set())
        for path in (house.ROOT / room).iterdir():
            is_ours = path.suffix == ".py" or (path.is_dir() and (path / "__init__.py").exists())
            if is_ours and path.stem not in known:
                strangers.append(house.name(path))
    assert sorted(strangers) == []


def test_no_room_is_empty():
    empty = []
    for room in house.rooms():
        others = [
            path for path in (house.ROOT / room).glob("*.py") if path.name not in {"__init__.py", "apps.py"}
        ]
        if not others and not (house.ROOT / room / "models").is_dir():
            empty.append(room)
    assert empty == []


def test_the_import_checker_knows_every_room():
    contracts = configparser.ConfigParser()
    contracts.read(house.ROOT / ".importlinter")
    assert set(contracts["importlinter"]["root_packages"].split()) == set(house.rooms())


def test_operations_have_a_docstring_and_types():
    bare = []
    for path in house.modules():
        if "operations" not in (path.stem, path.parent.name):
            continue
        for node in house.tree(path).body:
            is_public = hasattr(node, "args") and not node.name.startswith("_")
            if is_public and (not node.returns or not ast.get_docstring(node) or _untyped(node)):
                bare.append(f"{house.name(path)}:{node.lineno} {node.name}")
    assert bare == []


def _untyped(node: ast.FunctionDef) -> bool:
    return any(argument.annotation is None for argument in [*node.args.args, *node.args.kwonlyargs])


def test_operations_never_take_a_request_or_a_form():
    taking = []
    for path in house.modules():
        if "operations" not in (path.stem, path.parent.name):
            continue
        for node in house.functions(path):
            types = {
                ast.unparse(a.annotation) for a in [*node.args.args, *node.args.kwonlyargs] if a.annotation
            }
            if any(re.search(r"HttpRequest|\bWSGIRequest|Form\b|QueryDict", kind) for kind in types):
                taking.append(f"{house.name(path)}:{node.lineno} {node.name}")
    assert taking == []
