from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass

from bench.traffic import Kind


@dataclass(frozen=True)
class Options:
    rounds: int
    duration: float
    warm_up: float
    connections: int
    kinds: tuple[Kind, ...]
    only: tuple[str, ...]
    figures: bool


def read_options(arguments: Sequence[str] | None = None) -> Options:
    parser = ArgumentParser("bench", description="Measure Central beside its peers; see bench/README.md.")
    parser.add_argument("--rounds", type=int, help="how often each is measured (5)")
    parser.add_argument("--duration", type=float, help="seconds of each measurement (3)")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 1 second: a look, not a result")
    parser.add_argument("--connections", type=int, default=32, help="connections that ask at once (32)")
    parser.add_argument("--kinds", nargs="+", choices=[kind.value for kind in Kind], help="which requests (all)")
    parser.add_argument("--only", nargs="+", default=[], metavar="TARGET", help="names of the targets (all)")
    parser.add_argument("--no-figures", action="store_true", help="leave out paging, client, imports, memory, start")
    given = parser.parse_args(arguments)
    return Options(
        rounds=given.rounds or (2 if given.quick else 5),
        duration=given.duration or (1.0 if given.quick else 3.0),
        warm_up=0.2 if given.quick else 0.5,
        connections=given.connections,
        kinds=tuple(Kind(kind) for kind in given.kinds or Kind),
        only=tuple(given.only),
        figures=not given.no_figures,
    )
