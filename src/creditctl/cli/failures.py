"""A failure as people and programs read it; `cli.app` decides what it is."""

from dataclasses import dataclass
from typing import Self

from creditctl.errors import CreditctlError, ExitStatus
from creditctl.output.safe_text import visible, visible_in_json


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a command ended without doing its work."""

    code: str
    title: str
    detail: str
    hint: str = ""
    exit_status: int = ExitStatus.FAILURE
    retryable: bool = False

    @classmethod
    def from_error(cls, error: CreditctlError) -> Self:
        """The failure that an error of the tree describes."""
        return cls(
            code=error.code,
            title=error.title(),
            detail=error.detail,
            hint=error.advice,
            exit_status=error.exit_status,
            retryable=error.retryable,
        )

    def text(self, *, as_json: bool, colour: bool) -> str:
        """One `error:` line and a `hint:`, or one JSON object."""
        return self._json() if as_json else self._text(colour=colour)

    def _text(self, *, colour: bool) -> str:
        label = "\x1b[31merror:\x1b[0m" if colour else "error:"
        lines = [f"{label} {visible(self.detail)}\n"]
        if self.hint:
            lines.append(f"hint: {visible(self.hint)}\n")
        return "".join(lines)

    def _json(self) -> str:
        import json  # only when something failed

        document = {
            "type": f"creditctl.error/v1#{self.code}",
            "title": self.title,
            "detail": self.detail,
            "hint": self.hint or None,
            "code": self.code,
            "retryable": self.retryable,
        }
        return f"{visible_in_json(json.dumps(document, ensure_ascii=False))}\n"
