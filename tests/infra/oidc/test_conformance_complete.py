"""The conformance modules are all there under their names, and the hostile cases do not become fewer."""

import ast
import importlib
import inspect
from math import prod
from typing import Any

import test_conformance_basic
import test_conformance_config

from support.counts import count
from support.source import called_names

# The OpenID Foundation's plan `oidcc-client-basic-certification-test-plan`, and what its configuration plan adds.
BASIC = {
    "oidcc-client-test",
    "oidcc-client-test-invalid-iss",
    "oidcc-client-test-missing-sub",
    "oidcc-client-test-invalid-aud",
    "oidcc-client-test-missing-iat",
    "oidcc-client-test-kid-absent-single-jwks",
    "oidcc-client-test-kid-absent-multiple-jwks",
    "oidcc-client-test-idtoken-sig-rs256",
    "oidcc-client-test-idtoken-sig-none",
    "oidcc-client-test-invalid-sig-rs256",
    "oidcc-client-test-userinfo-invalid-sub",
    "oidcc-client-test-nonce-invalid",
    "oidcc-client-test-scope-userinfo-claims",
    "oidcc-client-test-client-secret-basic",
}
CONFIG = {
    "oidcc-client-test-discovery-openid-config",
    "oidcc-client-test-discovery-jwks-uri-keys",
    "oidcc-client-test-discovery-issuer-mismatch",
    "oidcc-client-test-signing-key-rotation",
    "oidcc-client-test-signing-key-rotation-just-before-signing",
}
WORTH_ADDING = {
    "oidcc-client-test-invalid-sig-hs256",
    "oidcc-client-test-invalid-sig-es256",
    "oidcc-client-test-missing-aud",
}
# What a provider can do wrong, in these modules; the number is what there is, so that it only grows.
HOSTILE_MODULES = ("test_oidc_id_token_hostile", "test_oidc_discovery_hostile", "test_oidc_flow")
_REFUSES = {"refused", "raises", "reason_of"}
FEWEST_HOSTILE_CASES = 268


def _modules_of(module: Any) -> set[str]:
    return {name.removeprefix("test_").replace("_", "-") for name in vars(module) if name.startswith("test_oidcc")}


def test_all_modules_are_there(record_property: Any) -> None:
    """Fourteen basic modules, five of the configuration plan and three more, each a test of its name."""
    assert (len(BASIC), len(CONFIG)) == (14, 5)
    assert _modules_of(test_conformance_basic) == BASIC
    assert _modules_of(test_conformance_config) == CONFIG | WORTH_ADDING
    count(record_property, "conformance modules", len(BASIC | CONFIG | WORTH_ADDING))


def _cases(function: Any) -> int:
    marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
    return prod(len(list(mark.args[1])) for mark in marks)


def _expects_a_refusal(function: Any) -> bool:
    tree = ast.parse(inspect.getsource(function))
    return not _REFUSES.isdisjoint(called_names(tree))


def test_hostile_cases_do_not_become_fewer(record_property: Any) -> None:
    """The cases in which a provider does something wrong and is refused for it are counted."""
    functions = [
        function
        for name in HOSTILE_MODULES
        for function in vars(importlib.import_module(name)).values()
        if inspect.isfunction(function) and function.__name__.startswith("test_") and _expects_a_refusal(function)
    ]
    number = sum(map(_cases, functions))
    assert number >= FEWEST_HOSTILE_CASES >= 40
    count(record_property, "hostile-provider cases", number)


def test_counting_counts_what_pytest_runs() -> None:
    """Control: the way of counting gives the number of cases of a test that this one knows."""
    module = importlib.import_module("test_oidc_id_token_hostile")
    assert _cases(module.test_wrong_claims_are_refused) == len(module.CLAIMS)
    assert _expects_a_refusal(module.test_wrong_claims_are_refused)
    assert not _expects_a_refusal(module.test_good_variants_are_taken)
