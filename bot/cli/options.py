"""Options that many commands take."""

from __future__ import annotations

from typing import Annotated

import typer

Jsonl = Annotated[bool, typer.Option("--jsonl", help="Read and write JSON lines, for programs.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
