"""How the source is written: sizes, and who may call what."""

import ast
import re
from collections.abc import Iterator

import pytest

from support.source import (
    SOURCES,
    Function,
    Source,
    called_names,
    domain_sources,
    parameters,
    public_methods,
)

MOST_LINES_OF_FILE = 400
MOST_LINES_OF_FUNCTION = 50
MOST_STATEMENTS_OF_ROUTE = 6
_SERVICE = re.compile(r"^class \w+Service\b", re.MULTILINE)
SERVICES = [
    (source, node)
    for source in domain_sources()
    if _SERVICE.search(source.path.read_text())  # reading is quick, parsing is not
    for node in source.classes()
    if node.name.endswith("Service")
]


def _statements(function: Function) -> int:
    """Count a function's statements, but for its docstring."""
    count = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
    return count - (ast.get_docstring(function) is not None)


def test_sizes() -> None:
    """No file has more than 400 lines, no function more than 50."""
    assert [(source.name, source.lines) for source in SOURCES if source.lines > MOST_LINES_OF_FILE] == []
    long = [
        (source.name, function.name)
        for source in SOURCES
        for function in source.functions()
        if (function.end_lineno or 0) - function.lineno + 1 > MOST_LINES_OF_FUNCTION
    ]
    assert long == []


def test_routes_hold_no_rules() -> None:
    """A route has six statements at most, and no way to the database."""
    for source in domain_sources():
        if not source.name.endswith("routes.py"):
            continue
        for node in source.classes():
            for method in public_methods(node):
                assert _statements(method) <= MOST_STATEMENTS_OF_ROUTE, (source.name, method.name)
        assert "sqlalchemy" not in source.path.read_text()
        assert "infra.db" not in source.path.read_text()


def test_sessions_are_made_in_one_place() -> None:
    """Only `SessionIssuer.issue_session` makes a session, and only `insert_session` writes one (threat 8)."""
    callers = [
        f"{node.name}.{method.name}"
        for source in SOURCES
        for node in source.classes()
        for method in node.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and "insert_session" in called_names(method)
    ]
    assert callers == ["SessionIssuer.issue_session"]
    assert sum(list(called_names(source.tree)).count("insert_session") for source in SOURCES) == 1
    users = [source.name for source in SOURCES if "INSERT_SESSION" in source.path.read_text()]
    assert users == ["central_server/sessions/queries.py", "central_server/sessions/service.py"]
    writers = [source.name for source in SOURCES if "insert(SESSIONS)" in source.path.read_text()]
    assert writers == ["central_server/sessions/queries.py"]


def _database_methods(node: ast.ClassDef) -> set[str]:
    """Name a class's methods that reach for the database, be it by another method of the class."""
    methods = [m for m in node.body if isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef) and m.name != "__init__"]
    used = {m.name: {n.attr for n in ast.walk(m) if isinstance(n, ast.Attribute)} for m in methods}
    found = {m.name for m in methods if used[m.name] & {"db", "_db"} or "executor" in parameters(m)}
    while more := {name for name, names in used.items() if names & found} - found:
        found |= more
    return found


@pytest.mark.parametrize(("source", "node"), SERVICES, ids=lambda case: getattr(case, "name", ""))
def test_services_say_whose_transaction_it_is(source: Source, node: ast.ClassDef) -> None:
    """A method on the database takes an executor, last; one that is a complete set of steps is `TX_` and takes none."""
    on_database = _database_methods(node)
    for method in public_methods(node):
        taken = parameters(method)
        if method.name.startswith("TX_"):
            assert "executor" not in taken, method.name
        elif method.name in on_database:
            assert taken[-1:] == ["executor"], f"{node.name}.{method.name} of {source.name}"
            annotation = ast.unparse(
                next(a.annotation for a in method.args.args if a.arg == "executor" and a.annotation)
            )
            assert annotation in {"ReadExecutor | WriteExecutor | None", "WriteExecutor"}
            assert annotation.endswith("None") == bool(method.args.defaults), "the pool is the default"


def test_no_other_method_takes_an_executor_elsewhere() -> None:
    """Also beside the services, an executor comes last, and `TX_` methods take none."""
    for source in domain_sources():
        for node in source.classes():
            for method in public_methods(node):
                taken = parameters(method)
                if "executor" in taken:
                    assert not method.name.startswith("TX_"), method.name
                    assert taken[-1] == "executor", f"{node.name}.{method.name}"


@pytest.mark.parametrize(("source", "node"), SERVICES, ids=lambda case: getattr(case, "name", ""))
def test_getters_have_their_twins(source: Source, node: ast.ClassDef) -> None:
    """Each `get_x_by_y` has its `with_x_by_y`, which takes the same and what to do with it."""
    methods = {method.name: method for method in public_methods(node)}
    for name, getter in methods.items():
        if name.startswith("get_") and "_by_" in name:
            twin = methods.get(f"with_{name.removeprefix('get_')}")
            assert twin is not None, f"{source.name}: {name} has no twin"
            *keys, executor = parameters(getter)
            assert parameters(twin) == [*keys, "use", executor]
        if name.startswith("with_"):
            assert f"get_{name.removeprefix('with_')}" in methods


def _error_classes() -> set[str]:
    """Name every exception class of the source: those that end in Error, and what derives from them."""
    names = {"Exception", "BaseException", "ValueError", "TypeError", "RuntimeError"}
    return names | {node.name for source in SOURCES for node in source.classes() if node.name.endswith("Error")}


def _module_level(tree: ast.Module) -> Iterator[ast.AST]:
    """Give what runs once, at import: not what stands in functions."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += [default for default in (*node.args.defaults, *node.args.kw_defaults) if default is not None]
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def test_no_exception_is_made_at_import() -> None:
    """An exception that is made once and raised by many would show one caller's details to another."""
    errors = _error_classes()
    found = [
        (source.name, node.lineno)
        for source in SOURCES
        for node in _module_level(source.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[0] in errors
    ]
    raised = [pair for pair in found if not _is_raised_there(*pair)]
    assert raised == []


def _is_raised_there(name: str, line: int) -> bool:
    """Tell whether a module refuses to be imported at that line, which is fine."""
    (source,) = [source for source in SOURCES if source.name == name]
    return any(isinstance(node, ast.Raise) and node.lineno == line for node in ast.walk(source.tree))
