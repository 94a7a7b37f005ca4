"""The OpenAPI document of the contract; docs/backend-api.json is a committed copy of it."""

from __future__ import annotations

import inspect
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ..contract import Advance, CallBack, CaseQuery, Problem, ReportBody, StatusCallback, Supplement
from ..signing import FRESH_SECONDS, SIGNATURE_HEADER, TIMESTAMP_HEADER
from .refusals import PROBLEM_MEDIA_TYPE, TITLES

# Read by dependencies of ours or sent by error handlers, so the framework does not see them.
_UNSEEN: tuple[type[BaseModel], ...] = (
    ReportBody,
    Supplement,
    CallBack,
    CaseQuery,
    Advance,
    Problem,
    StatusCallback,
)
_REF = "#/components/schemas/{model}"


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """The whole document, with every model of the contract in it."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        separate_input_output_schemas=app.separate_input_output_schemas,
    )
    _, definitions = models_json_schema([(model, "validation") for model in _UNSEEN], ref_template=_REF)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(definitions["$defs"])
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    document["webhooks"] = {"caseStatus": {"post": _callback()}}
    return document


def _callback() -> dict[str, Any]:
    """What the backend itself sends: described here, because an agency has to build it."""
    headers = {
        TIMESTAMP_HEADER: f"Unix seconds of this attempt; refused when more than {FRESH_SECONDS} seconds off",
        SIGNATURE_HEADER: 'HMAC-SHA256 in hex of: timestamp + "." + body',
    }
    return {
        "summary": "Case Status",
        "description": inspect.getdoc(StatusCallback),
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": text}
            for name, text in headers.items()
        ],
        **json_body(StatusCallback),
        "responses": {"2XX": {"description": "Acknowledged; anything else is tried again later"}},
    }


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route for these statuses."""
    content = {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}
    return {status: {"description": TITLES[status], "content": content} for status in statuses}


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """The `openapi_extra` of a route that reads `model`."""
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def octets_body() -> dict[str, Any]:
    """The `openapi_extra` of a route that reads bytes of any media type."""
    return {"requestBody": {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}
