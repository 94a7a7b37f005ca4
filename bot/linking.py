"""Links that people are given: what they lead to, in the words of `dialogues/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from actions.dates import LOCAL
from actions.services import Carries
from actions.standard import Standard
from actions.submission import Submission, Submitted
from bot.words import Phrases
from connectors.channels.contract import Channel
from connectors.channels.web.receipt import Receipt, ReceiptFile
from connectors.gateway.links import Links
from connectors.gateway.vault import EvidenceFacts, Vault


class Linking:
    """Implements `actions.services.Linking`. `channels`: those that are switched on, by name."""

    def __init__(self, links: Links, address: str, channels: Mapping[str, Channel]) -> None:
        self._links, self._address, self.channels = links, address, channels

    async def carries(self, conversation_id: str) -> Carries:
        """What a channel that is not known can carry is everything: it has our own page."""
        channel = self.channels.get(await self._links.channel_of(conversation_id))
        able = channel.capabilities if channel else None
        if able is None or (able.personal_data and "file" in able.media_in):
            return "all"
        return "pictures" if able.personal_data and able.media_in else "nothing"

    async def upload(self, conversation_id: str, asks: str | None) -> str:
        return f"{self._address}/u/{await self._links.make('upload', conversation_id, {'asks': asks})}"

    async def receipt(self, conversation_id: str, draft_id: str) -> str:
        return f"{self._address}/r/{await self._links.make('receipt', conversation_id, {'draft_id': draft_id})}"


class Receipts:
    """Writes the receipt of a report."""

    def __init__(self, submission: Submission, vault: Vault, phrases: Phrases, standard: Standard) -> None:
        self._submission, self._vault, self._say, self._standard = submission, vault, phrases, standard

    async def __call__(self, conversation_id: str, draft_id: str) -> Receipt | None:
        """None while the agency has not answered, and for a report of somebody else."""
        report = await self._submission.find(draft_id)
        if report is None or report.receipt is None or report.conversation_id != conversation_id:
            return None
        known = {item.sha256: item for item in await self._vault.facts(conversation_id)}
        return self._written(report, report.receipt["evidence"], known)

    def _written(self, report: Submitted, hashes: Sequence[str], known: Mapping[str, EvidenceFacts]) -> Receipt:
        say, receipt = self._say, report.receipt or {}
        matter = self._standard.matter(report.body["matter"])
        lines = (
            (say("receipt_case_no"), str(receipt["case_no"])),
            (say("receipt_query_code"), str(receipt["query_code"])),
            (say("receipt_matter"), matter.title if matter else report.body["matter"]),
            (say("receipt_received"), _moment(datetime.fromisoformat(receipt["received_at"]))),
            (say("receipt_answer_by"), _day(date.fromisoformat(receipt["answer_by"]))),
        )
        return Receipt(
            title=say("receipt_title"),
            case_no=str(receipt["case_no"]),
            lines=lines,
            files_title=say("receipt_files" if hashes else "receipt_no_files", count=len(hashes)),
            files=tuple(self._file(sha256, known.get(sha256)) for sha256 in hashes),
            notes=(say("receipt_note_hash"), say("receipt_note_keep")) if hashes else (say("receipt_note_keep"),),
        )

    def _file(self, sha256: str, facts: EvidenceFacts | None) -> ReceiptFile:
        if facts is None:
            return ReceiptFile(self._say("receipt_file_erased"), "", sha256)
        at = _moment(datetime.fromtimestamp(facts.received_at, LOCAL))
        return ReceiptFile(facts.name, self._say("receipt_file", size=_size(facts.size), at=at), sha256)


def _moment(at: datetime) -> str:
    local = at.astimezone(LOCAL)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M:%S}"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _size(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, round(size / 1024))} KB"
