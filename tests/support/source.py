"""The source as syntax trees, for the tests that judge how it is written."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(SRC))

    @cached_property
    def lines(self) -> int:
        return len(self.path.read_text().splitlines())

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text())

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    def classes(self) -> Iterator[ast.ClassDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))


SOURCES = tuple(Source(path) for path in sorted(SRC.rglob("*.py")))


def domain_sources() -> list[Source]:
    """Give the files of the server's domains."""
    not_domains = {"infra", "cli", "worker"}
    return [
        source
        for source in SOURCES
        if source.name.startswith("central_server/")
        and len(parts := source.path.relative_to(SRC).parts) > 2
        and parts[1] not in not_domains
    ]


def public_methods(node: ast.ClassDef) -> list[Function]:
    """Give a class's methods that others may call."""
    return [
        method
        for method in node.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and not method.name.startswith("_")
    ]


def parameters(function: Function) -> list[str]:
    """Name what a function takes by position, but for `self`."""
    return [argument.arg for argument in function.args.args if argument.arg != "self"]


def called_names(node: ast.AST) -> Iterator[str]:
    """Give the last name of everything that is called: `insert` of `self.rows.insert(…)`."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            if isinstance(call.func, ast.Attribute):
                yield call.func.attr
            elif isinstance(call.func, ast.Name):
                yield call.func.id
