"""Errors that end a command: one clear line saying what happened, and what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from actions.standard import StandardError
from bot.sealing import SealingError
from bot.settings import ChannelSettingsError


class Fault(Exception):
    """Something an operator can put right. `remedy` says how."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy


@contextmanager
def reporting_faults() -> Iterator[None]:
    """Turn known errors into one line on standard error and exit code 1."""
    try:
        yield
    except Fault as fault:
        _end(fault.problem, fault.remedy)
    except (SealingError, StandardError, ChannelSettingsError) as problem:
        _end(str(problem), "")
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        name = "REPORTGUIDE_" + "_".join(str(part) for part in first["loc"]).upper()
        _end(f"the setting {name} cannot be used: {first['msg']}", "correct it in the environment")
    except OSError as problem:
        if problem.errno == 28:
            _end("the disk is full", "free some space and start again; nothing that was stored is lost")
        else:
            _end(f"{problem.strerror or problem}: {problem.filename or ''}".rstrip(": "), "")
    except KeyboardInterrupt:
        sys.exit(130)


def _end(problem: str, remedy: str) -> None:
    print(f"reportguide: {problem}" + (f" — {remedy}" if remedy else ""), file=sys.stderr)
    sys.exit(1)
