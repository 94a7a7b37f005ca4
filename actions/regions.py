"""Who is competent where: an enterprise by its registration, content by its platform's home (arts. 13, 14).

A region is a name as people write it (浙江, 深圳); a place lies in a region if the region's name is part of its own.
"""

from __future__ import annotations

import re

from stdnum import numdb

from actions.standard import Standard


def registered_in(credit_code: str) -> str:
    """The place in a unified social credit code, digits 3 to 8: ``"浙江省西湖区"``; "" if it names none.

    Names of the county's former times, which the table keeps, are left out.
    """
    parts = [info for _, info in numdb.get("cn/loc").info(credit_code[2:8])]
    province = next((info["province"] for info in parts if "province" in info), "")
    counties = next((info["county"] for info in parts if "county" in info), "")
    county = re.split(r"\[[\d-]*\]", counties)[-1].split(",")[0]
    return f"{province}{county}" if province else ""


def lies_in(place: str, region: str) -> bool:
    """Whether a deployment for `region` is competent for `place`. No region: for all of the country."""
    return not region or not place or region in place


def route(standard: Standard, platforms: str, region: str) -> str:
    """``local`` or ``forwarded``, for platforms as a report names them. A platform nobody knows stays here."""
    known = [standard.platform(name) for name in platforms.split("、")]
    homes = [platform.region or "" for platform in known if platform]
    return "local" if not homes or any(lies_in(home, region) for home in homes) else "forwarded"
