"""Nothing grows past what one person reads in one go."""

from __future__ import annotations

from . import house

MODULE_LINES, TEST_MODULE_LINES, TEMPLATE_LINES = 400, 500, 200
FUNCTION_LINES, VIEW_LINES, TASK_LINES = 40, 25, 10
PARAMETERS = 6


def _lines(path) -> int:
    return len(house.text(path).splitlines())


def _too_long(paths, most: int) -> list[str]:
    return [f"{house.name(path)}: {_lines(path)} lines" for path in paths if _lines(path) > most]


def _functions_too_long(paths, most: int) -> list[str]:
    return [
        f"{house.name(path)}:{node.lineno} {node.name}: {house.length(node)} lines"
        for path in paths
        for node in house.functions(path)
        if house.length(node) > most
    ]


def test_modules_have_at_most_400_lines():
    assert _too_long(house.modules(), MODULE_LINES) == []


def test_test_modules_have_at_most_500_lines():
    assert _too_long(house.modules_of_tests(), TEST_MODULE_LINES) == []


def test_templates_have_at_most_200_lines():
    assert _too_long(house.templates(), TEMPLATE_LINES) == []


def test_functions_have_at_most_40_lines():
    assert _functions_too_long(house.modules(), FUNCTION_LINES) == []


def test_views_have_at_most_25_lines():
    views = [path for path in house.modules() if house.is_view_module(path)]
    assert _functions_too_long(views, VIEW_LINES) == []


def test_tasks_have_at_most_10_lines():
    tasks = [path for path in house.modules() if path.name == "tasks.py"]
    assert _functions_too_long(tasks, TASK_LINES) == []


def test_operations_take_at_most_six_inputs_beside_the_actor():
    crowded = []
    for path in house.modules():
        if "operations" not in (path.stem, path.parent.name):
            continue
        for node in house.functions(path):
            names = {argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]}
            if len(names - {"by", "self", "cls"}) > PARAMETERS + 1:  # the subject and six inputs
                crowded.append(f"{house.name(path)}:{node.lineno} {node.name}: {len(names)} parameters")
    assert crowded == []
