"""Takes what is sealed in these tables over to another key: accounts, kept questions, reports of checks."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from knowledge.publication.accounts import password_context
from knowledge.publication.checks import context_of as check_context
from knowledge.publication.ports import Sealing
from knowledge.publication.questions import asked_as, asked_context, kept_as, kept_context
from knowledge.publication.tables import attempts, checks, questions, regressions, sessions, staff


class Resealed(NamedTuple):
    """How many of each were sealed anew, and how many sessions ended."""

    accounts: int
    questions: int
    reports: int
    sessions: int


def reseal(connection: sa.Connection, old: Sealing, new: Sealing) -> Resealed:
    """In the caller's transaction, so all of it or nothing. Where a rotation is taken up again, `old` opens both.

    Sessions end, because their names come from the old key and nobody but the browser has what they were made of; and
    failed sign-ins are forgotten for the same reason.
    """
    accounts = connection.execute(staff.select()).all()
    for row in accounts:
        context = password_context(row.name)
        sealed = new.seal_json(old.open_json(row.password, context), context)
        connection.execute(staff.update().where(staff.c.name == row.name).values(password=sealed))
    asked = connection.execute(questions.select()).all()
    for row in asked:
        same, sealed = asked_as(new, old.open_json(row.text, asked_context(row.same)))
        connection.execute(questions.update().where(questions.c.id == row.id).values(same=same, text=sealed))
    kept = connection.execute(regressions.select()).all()
    for row in kept:
        same, sealed = kept_as(new, old.open_json(row.question, kept_context(row.same)))
        connection.execute(regressions.update().where(regressions.c.id == row.id).values(same=same, question=sealed))
    reports = connection.execute(checks.select().where(checks.c.report.is_not(None))).all()
    for row in reports:
        context = check_context(row.id)
        sealed = new.seal_json(old.open_json(row.report, context), context)
        connection.execute(checks.update().where(checks.c.id == row.id).values(report=sealed))
    ended = connection.execute(sessions.delete()).rowcount
    connection.execute(attempts.delete())
    return Resealed(len(accounts), len(asked) + len(kept), len(reports), ended)
