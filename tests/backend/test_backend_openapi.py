"""The committed document is the contract as built, and the backend keeps it whatever is thrown at it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from connectors.backend.reference import create_app
from tests.backend.harness import SEALER, TOKEN

COMMITTED = Path(__file__).parents[2] / "docs" / "backend-api.json"


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    return create_app(tmp_path / "backend.db", SEALER, TOKEN).openapi()


def test_the_committed_document_is_the_contract_as_built(
    document: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    if request.config.getoption("--update-golden", default=False):
        COMMITTED.write_text(text, encoding="utf-8")
    assert COMMITTED.read_text(encoding="utf-8") == text, "run pytest with --update-golden and read the difference"


def test_all_references_lead_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    names = {piece.partition('"')[0] for piece in text.split('"#/components/schemas/')[1:]}
    assert names == set(document["components"]["schemas"])


CONFIG = {
    # The token is given below, and unknown query parameters are ignored, as usual: neither makes a request invalid.
    "generation": {"allow-extra-parameters": False, "with-security-parameters": False},
    "checks": {
        # 413 is a refusal too.
        "negative_data_rejection": {"expected-statuses": ["4xx"]},
        # Some rules are beyond JSON Schema: the hash of a body, the key that repeats the draft, a note with need_more.
        "positive_data_acceptance": {"enabled": False},
    },
}
schema = schemathesis.openapi.from_path(str(COMMITTED), config=schemathesis.Config.from_dict(CONFIG))


def _keeps(path: str, method: str) -> Any:
    """The test of one operation. `schema.parametrize` names the tests of all alike, and processes would share one."""

    @schema.include(path=path, method=method).parametrize()
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def test(lasting_address: str, case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(base_url=lasting_address, headers={"Authorization": f"Bearer {TOKEN}"})

    return test


for number, operation in enumerate(found.ok() for found in schema.get_all_operations()):
    globals()[f"test_the_backend_keeps_its_document_{number}"] = _keeps(operation.path, operation.method)
