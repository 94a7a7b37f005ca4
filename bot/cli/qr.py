"""`reportguide channels qr`: the way from a poster into the web chat."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import segno

from actions.standard import read_standard
from bot.cli.faults import Fault
from bot.settings import ROOT, Settings

#: Modules of quiet around the code, as the standard of QR codes asks for.
_BORDER = 4


def address(settings: Settings, matter: str) -> str:
    """Where the code leads. Raises Fault for a matter that there is not, and where no public address is set."""
    if not settings.address:
        raise Fault("nobody could reach the address in the code", "set REPORTGUIDE_ADDRESS to your public address")
    known = [item.id for item in read_standard(ROOT / "dialogues" / "standard").matters]
    if matter and matter not in known:
        raise Fault(f"there is no matter {matter!r}", f"choose one of {', '.join(known)}")
    return f"{settings.links_url}/" + (f"?{urlencode({'m': matter})}" if matter else "")


def draw(text: str, out: Path) -> None:
    """Write the code as SVG or PNG; a quarter of it may be torn or dirty. Raises Fault."""
    if out.suffix not in (".svg", ".png"):
        raise Fault(f"there are no pictures of the kind {out.suffix!r}", "name a file that ends in .svg or .png")
    code = segno.make(text, error="q", micro=False)
    try:
        code.save(str(out), scale=10, border=_BORDER)
    except OSError as problem:
        raise Fault(f"cannot write {out}: {problem.strerror}", "name a place that may be written") from None
