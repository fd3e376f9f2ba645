"""The pictures JOOR holds for an account, whichever API brought them (fact sheet 2.2, 6)."""

import hashlib
from collections import Counter
from typing import Any

from sandbox.joor_records import JoorAsset


class Assets:
    """By card; names and external ids are unique across the account (6.2), so they have an index."""

    def __init__(self) -> None:
        self._rows: dict[str, list[JoorAsset]] = {}  # by style identifier
        self._names: Counter[str] = Counter()
        self._external_ids: set[str] = set()

    def of(self, identifier: str, color_code: str | None = None, kind: str = "") -> list[JoorAsset]:
        """Those of a card; of one colour, or with "" of the card itself; of one kind."""
        rows = self._rows.get(identifier, [])
        return [row for row in rows if (color_code is None or row.color_code == color_code) and (not kind or row.kind == kind)]

    def all(self) -> list[JoorAsset]:
        return [row for rows in self._rows.values() for row in rows]

    def name_taken(self, filename: str) -> bool:
        return self._names[filename] > 0

    def external_id_taken(self, external_id: str) -> bool:
        return external_id in self._external_ids

    def add(self, asset: JoorAsset) -> None:
        self._rows.setdefault(asset.identifier, []).append(asset)
        self._names.update({asset.filename, asset.stored_as})
        if asset.external_id:
            self._external_ids.add(asset.external_id)

    def remove(self, asset: JoorAsset) -> None:
        self._rows[asset.identifier].remove(asset)
        self._names.subtract({asset.filename, asset.stored_as})
        self._external_ids.discard(asset.external_id)


def asset_fields(asset: JoorAsset) -> dict[str, Any]:
    """What the ledger and the state say of a picture."""
    return {
        "product": asset.identifier,
        "color": asset.color_code or None,
        "type": asset.kind,
        "stored_as": asset.stored_as,
        "sha256": asset.sha256,
        "display_order": asset.display_order,
        "source": asset.source,
    }


def digest_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def sort_of_picture(body: bytes) -> str:
    """gif, jpeg, png or mp4 by its first bytes; "" for anything else."""
    if body.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if body[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    return "mp4" if body[4:8] == b"ftyp" else ""


def trouble_with(body: bytes, sorts: tuple[str, ...], largest: int) -> str:
    """Why JOOR would not take these bytes, or ""."""
    if len(body) > largest:
        return f"The file is larger than {largest // 1024 // 1024} MB"
    return "" if sort_of_picture(body) in sorts else f"The file is none of {', '.join(sorts)}"
