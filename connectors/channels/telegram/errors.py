"""What Telegram's library raises, in the words of the contract. None of its texts, which may hold the token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from connectors.channels.contract import AnswerLost, Busy, Refused, Unreachable

#: Parts of a refusal's text that say the person is not there.
_GONE = ("chat not found", "user is deactivated", "peer_id_invalid", "user not found")
#: Failures before anything was sent.
_BEFORE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def heard(problem: TelegramError) -> str:
    """A short name for logs and staff."""
    return type(problem).__name__.lower()


def pause(problem: RetryAfter) -> float:
    """Seconds that Telegram asks to wait."""
    after = problem.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)


@contextmanager
def sending() -> Iterator[None]:
    """Raises a NotSent or AnswerLost in place of the library's errors."""
    try:
        yield
    except RetryAfter as problem:
        raise Busy("flood", pause(problem)) from None
    except Forbidden:
        raise Unreachable("blocked") from None
    except BadRequest as problem:
        if any(gone in problem.message.lower() for gone in _GONE):
            raise Unreachable("gone") from None
        raise Refused("bad_request") from None
    except ChatMigrated:
        raise Refused("migrated") from None
    except InvalidToken:
        raise Busy("token_refused", 60.0) from None
    except TimedOut as problem:
        raise (Busy("away") if isinstance(problem.__cause__, _BEFORE) else AnswerLost("timed_out")) from None
    except NetworkError as problem:
        cause = problem.__cause__
        # An answer with an error in it is an answer: the message was not taken.
        lost = isinstance(cause, httpx.HTTPError) and not isinstance(cause, _BEFORE)
        raise (AnswerLost("network") if lost else Busy("away")) from None
    except TelegramError as problem:
        raise Busy(heard(problem)) from None
