"""How a file is handed out, well or badly: shared by both of Tencent's stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

#: Ways in which a download goes wrong.
BAD = ("expired", "html", "cut", "stall", "down", "empty")


def hand_out(content: bytes, media_type: str, name: str, how: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{quote(name)}"'}
    match how:
        case "expired":
            return JSONResponse({"errcode": 40007, "errmsg": "invalid media_id"})
        case "html":
            return HTMLResponse("<!DOCTYPE html><html><body>系统繁忙</body></html>")
        case "down":
            return Response("Bad Gateway", status_code=502)
        case "empty":
            return Response(b"", media_type=media_type)
        case "cut" | "stall":
            # Promises all of it, gives half.
            headers["Content-Length"] = str(len(content))
            return StreamingResponse(_half(content, how == "stall"), media_type=media_type, headers=headers)
        case _:
            return Response(content, media_type=media_type, headers=headers)


async def _half(content: bytes, stall: bool) -> AsyncIterator[bytes]:
    yield content[: len(content) // 2]
    if stall:
        await asyncio.sleep(3600)
    # The server closes the connection when less came than was promised.
    raise ConnectionResetError
