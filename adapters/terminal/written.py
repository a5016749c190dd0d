"""Decider: where the files of one job lie, as the row of their delivery remembers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.jobs.job import Delivery, Receipt
from core.jobs.lifecycle import DeliveryKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """Where the result of one job lies."""

    outputs: tuple[str, ...] = ()
    sheet: str | None = None
    before_after: str | None = None

    @classmethod
    def recorded(cls, sent: Sequence[Delivery]) -> Written:
        """Return what the newest result among `sent` recorded, or nothing."""
        for delivery in reversed(sent):
            if delivery.kind is DeliveryKind.RESULT and "outputs" in delivery.data:
                return cls._read(delivery)
        return cls()

    @classmethod
    def _read(cls, delivery: Delivery) -> Written:
        outputs = delivery.data["outputs"]
        sheet, both = delivery.data.get("sheet"), delivery.data.get("before_after")
        assert isinstance(outputs, (list, tuple))
        return cls(
            outputs=tuple(str(path) for path in outputs),
            sheet=None if sheet is None else str(sheet),
            before_after=None if both is None else str(both),
        )

    def to_receipt(self) -> Receipt:
        """Return what the delivery's row is to remember."""
        return Receipt(
            data={
                "outputs": list(self.outputs),
                "sheet": self.sheet,
                "before_after": self.before_after,
            }
        )
