"""How a trait is named in a v4 call: by its name, or by the id that JOOR lists for it (facts 4.7)."""

from typing import Literal

from clients.joor.v4_answers import Row, text
from clients.joor.v4_calls import V4Calls
from models.errors import NotPossible

Kind = Literal["product", "sku"]


class Traits:
    """JOOR's list is read once, and only when the contract says that traits go by id (`traits.by`)."""

    def __init__(self, calls: V4Calls) -> None:
        self._calls = calls
        self._by_id = calls.contract["traits.by"] == "id"
        self._ids: dict[tuple[str, str], str] | None = None
        self.tag_group_field = calls.contract["tags.group_field"]

    def reference(self, kind: Kind, name: str) -> Row | None:
        """`{"trait_name": ..}` or `{"trait_id": ..}`; None for a trait that JOOR does not list."""
        if not self._by_id:
            return {"trait_name": name}
        found = self._listed().get((kind, name.casefold()))
        return {"trait_id": found} if found else None

    def of_skus(self) -> tuple[Row, Row]:
        """The references of Color and Size. Raises NotPossible when JOOR lists no such traits."""
        return self._needed("traits.color"), self._needed("traits.size")

    def listed(self, kind: Kind) -> str:
        """JOOR's names, for a person to choose from."""
        names = sorted(name for found, name in self._listed() if found == kind)
        return ", ".join(names) or "none"

    def _needed(self, key: str) -> Row:
        found = self.reference("sku", self._calls.contract[key])
        if found is None:
            present = [name for kind, name in self._listed() if kind == "sku"]
            raise NotPossible(
                f"JOOR lists no SKU trait {self._calls.contract[key]!r}",
                fix=self._calls.contract.what_to_do(key, self._calls.http.site, present),
            )
        return found

    def _listed(self) -> dict[tuple[str, str], str]:
        if self._ids is None:
            rows = self._calls.rows("path.traits", "reading traits")
            self._ids = {(text(row, "type").lower(), text(row, "name").casefold()): text(row, "id") for row in rows if text(row, "id")}
        return self._ids
