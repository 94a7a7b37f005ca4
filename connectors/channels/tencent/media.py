"""Files that people sent, which Tencent's APIs keep for some days."""

from __future__ import annotations

import httpx

from connectors.channels.contract import MediaAway, NotSent
from connectors.channels.download import Download, download
from connectors.channels.tencent.answers import ApiError, error_of, media_problem, told_by
from connectors.channels.tencent.tokens import AccessToken


async def fetched(http: httpx.AsyncClient, base: str, token: AccessToken, media_id: str, limit: int) -> Download:
    """What `media/get` below `base` gives for an id, of at most `limit` bytes. Raises MediaAway or MediaGone."""

    async def ask(current: str) -> Download:
        found = await download(http, f"{base}/media/get", {"access_token": current, "media_id": media_id}, limit)
        if code := error_of(told_by(found)):
            raise ApiError(code)
        return found

    try:
        return await token.used(ask)
    except ApiError as problem:
        raise media_problem(problem.code) from None
    except NotSent as problem:
        raise MediaAway(problem.problem) from None
