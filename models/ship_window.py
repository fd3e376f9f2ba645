"""A linesheet's ship window, checked before it is stored and again before it is sent. Calendar days, no time zone."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ShipWindow(BaseModel):
    """No start and no complete date: the linesheet is immediate (joor-api facts 5.2). Raises ValidationError in a merchandiser's words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: date | None = None
    complete: date | None = None
    cancel: date | None = None
    minimum_window: int | None = Field(default=None, ge=0)  # days

    @property
    def immediate(self) -> bool:
        return self.start is None

    def __str__(self) -> str:
        """For example "2031-08-01 to 2031-08-31, cancel 2031-09-15"."""
        words = "immediate" if self.start is None else f"{self.start} to {self.complete}"
        return words + (f", cancel {self.cancel}" if self.cancel else "")

    @model_validator(mode="after")
    def _fits(self) -> "ShipWindow":
        if (self.start is None) != (self.complete is None):
            missing, given = ("complete", "start") if self.complete is None else ("start", "complete")
            raise ValueError(
                f"there is a {given} ship date and no {missing} ship date: give both, or neither for a linesheet that ships immediately"
            )
        if self.start and self.complete and self.complete < self.start:
            raise ValueError(f"the complete ship date {self.complete} is before the start ship date {self.start}")
        if self.cancel and self.complete and self.cancel < self.complete:
            raise ValueError(f"the cancel date {self.cancel} is before the complete ship date {self.complete}")
        return self
