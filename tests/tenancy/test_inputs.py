"""Ids that arrive in forms and queries are fetched in scope, like those in addresses."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from urllib.parse import quote, quote_plus, urlencode

import pytest
from django import forms
from django.apps import apps

from tests.architecture import house

from .inputs import FIELDS, ID, NAMES, TRIES
from .matrix import Target

pytestmark = pytest.mark.django_db
LOOKS_LIKE_ID = re.compile(
    r"(^|_)(id|pk|patient|doctor|medicine|affiliation|department|visit|appointment|invoice|draft)$"
)


def form_modules() -> Iterator[ModuleType]:
    for app in apps.get_app_configs():
        if app.name not in house.rooms() or not importlib.util.find_spec(f"{app.name}.forms"):
            continue
        module = importlib.import_module(f"{app.name}.forms")
        yield module
        for part in pkgutil.iter_modules(getattr(module, "__path__", [])):
            yield importlib.import_module(f"{module.__name__}.{part.name}")


def choosing_fields() -> set[str]:
    found = set()
    for module in form_modules():
        for name, form in vars(module).items():
            if not (
                isinstance(form, type)
                and issubclass(form, forms.BaseForm)
                and form.__module__ == module.__name__
            ):
                continue
            for field_name, field in getattr(form, "base_fields", {}).items():
                if (
                    isinstance(field, forms.ChoiceField)
                    or field.widget.is_hidden
                    or LOOKS_LIKE_ID.search(field_name)
                ):
                    found.add(f"{module.__name__}.{name}.{field_name}")
    return found


def _read_names(call: ast.Call, tree: ast.AST) -> set[str]:
    """Return the names that `request.GET.get(…)` reads: a constant, or those a comprehension hands over."""
    argument = call.args[0]
    if isinstance(argument, ast.Constant):
        return {str(argument.value)}
    comprehensions = [
        node for node in ast.walk(tree) if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.DictComp)
    ]
    around = [node for node in comprehensions if call in ast.walk(node)]
    return {
        str(element.value)
        for node in around
        for part in node.generators
        if isinstance(part.iter, ast.Tuple)
        for element in part.iter.elts
        if isinstance(element, ast.Constant)
    }


def _is_query(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr in {"GET", "POST"}
        and ast.unparse(node.value).endswith("request")
    )


def names_read() -> dict[str, set[str]]:
    """Return by module which names its code reads from the query or the body."""
    found: dict[str, set[str]] = {}
    for path in house.modules():
        tree = ast.parse(house.text(path))
        module = house.name(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and _is_query(node.func.value)
            ):
                if node.func.attr in {"get", "getlist", "pop"} and node.args:
                    found.setdefault(module, set()).update(_read_names(node, tree))
            elif (
                isinstance(node, ast.Subscript)
                and _is_query(node.value)
                and isinstance(node.slice, ast.Constant)
            ):
                found.setdefault(module, set()).add(str(node.slice.value))
    return found


def test_every_choice_and_hidden_field_is_classified():
    found = choosing_fields()
    missing, stale = sorted(found - FIELDS.keys()), sorted(FIELDS.keys() - found)
    assert not missing, (
        f"Say in tests/tenancy/inputs.py, FIELDS, what {', '.join(missing)} may name; for an id add a try."
    )
    assert not stale, (
        f"Take {', '.join(stale)} out of FIELDS in tests/tenancy/inputs.py: there is no such field."
    )


def test_every_name_in_query_and_body_is_classified():
    ours = {
        module: names for module, names in names_read().items() if not module.startswith("billing.simulator")
    }
    missing = [
        f"{module}: {name}" for module, names in ours.items() for name in names - NAMES.get(module, {}).keys()
    ]
    stale = [
        f"{module}: {name}"
        for module, names in NAMES.items()
        for name in names.keys() - ours.get(module, set())
    ]
    assert not missing, (
        f"Say in tests/tenancy/inputs.py, NAMES, what these may name: {sorted(missing)}; for an id add a try."
    )
    assert not stale, f"Take out of NAMES in tests/tenancy/inputs.py, nobody reads them: {sorted(stale)}."


def test_every_id_field_has_a_try():
    tried = {one.what.split(" ")[0] for one in TRIES}
    wanted = {".".join(field.split(".")[-2:]) for field, kind in FIELDS.items() if kind == ID}
    assert wanted <= tried, f"Add a try to tests/tenancy/inputs.py for {wanted - tried}."


@pytest.mark.parametrize("one", TRIES, ids=lambda one: one.what)
def test_a_foreign_value_is_like_one_that_nothing_has(checker, one):
    answers = []
    foreign = one.foreign(checker.cast)
    for value in (foreign, one.absent):
        url = checker.url(one.name, one.target).split("?")[0]
        fields = {**one.also(checker.cast), one.field: value}
        if one.method == "GET":
            url, fields = f"{url}?{urlencode(fields)}", {}
        answer = checker.ask(one.role, one.method, url, fields)
        assert answer.status < 500, answer.error
        assert checker.leaks(one.role, answer, value) == []
        # What was typed may stand in the answer again, also as part of a link.
        for typed in [quote_plus(value), quote(value), value] if len(value) > 3 else []:
            answer.body = answer.body.replace(typed.encode(), b"")
        answers.append(answer.like(f"{foreign} {one.absent}"))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "name", ["accounts:login", "accounts:step_up", "patients:become", "accounts:second_factor"]
)
@pytest.mark.parametrize(
    "elsewhere", ["https://elsewhere.test/", "//elsewhere.test/", "/\\elsewhere.test", "javascript:alert(1)"]
)
def test_next_never_leads_to_another_site(checker, name, elsewhere):
    for role in ("paul", "ada"):
        answer = checker.ask(role, "GET", f"{checker.url(name, Target())}?{urlencode({'next': elsewhere})}")
        assert "elsewhere" not in answer.headers.get("Location", "")
        assert 'href="javascript' not in answer.text
        assert f'href="{elsewhere}' not in answer.text


def test_a_setup_of_somebody_else_opens_nothing(checker):
    page = checker.ask("paul", "GET", "/accounts/second-factor/authenticator/").text
    setup = re.findall(r'name="setup" value="([^"]+)"', page)[0]
    address = f"/accounts/second-factor/authenticator/qr.svg?{urlencode({'setup': setup})}"
    assert checker.ask("paul", "GET", address).status == 200
    assert checker.ask("omar", "GET", address).status == 404
