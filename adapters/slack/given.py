"""Decider: what a user gave: words with settings among them, and the pictures of a message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from adapters.candidates import EXTENSIONS
from adapters.slack import markup
from adapters.slack.origin import Mode, Upload
from adapters.slack.payloads import Payload
from core.catalogue.parameters import shown
from core.errors import Problem

PICTURES_MAX: Final = 10
"""How many pictures of one message are looked at: as many as a form's field takes."""
LISTS: Final = frozenset({"help", "models", "jobs"})
"""Words that alone ask for a list, rather than for a picture of them."""

_SETTINGS: Final = (
    "model",
    "size",
    "strength",
    "guidance_scale",
    "negative_prompt",
    "batch",
    "width",
    "height",
    "inference_type",
    "app_id",
)
_NAMES: Final = {name: name for name in _SETTINGS} | {
    "prompt": "prompt",
    "guidance": "guidance_scale",
    "negative": "negative_prompt",
}
"""What settings are called in a text, and as what they are known."""

_OPEN, _CLOSE, _MARKS = '"“„', '"”“', "*_~`"
_QUOTED, _END = rf"[^{_OPEN}{_CLOSE}]*", rf"(?=[{_MARKS}]*(?:\s|\Z))[{_MARKS}]*"
_PIECE = re.compile(
    rf"[{_MARKS}]*(?P<name>[^\W\d][\w-]*):"
    rf"(?P<value>[{_OPEN}](?P<quoted>{_QUOTED})[{_CLOSE}]{_END}|\S*)"
    rf"|(?P<gap>\s+)|[{_OPEN}]{_QUOTED}[{_CLOSE}]|\S+"
)
"""Settings, without what makes them bold, italic or code; gaps, quotations and words."""
# The next mark of any kind ends what is in quotation marks: no text is searched over and over.


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """What was typed in one line: values as text, and what is wrong with how they are written."""

    values: Mapping[str, str]
    """By parameter; whether they can be carried out is the desk's to say."""
    problems: tuple[Problem, ...] = ()


def mentioned(text: str, *, bot_user_id: str) -> Typed:
    """Return what a mention says, of its text as Slack sends it."""
    return typed(markup.unescaped(text, without=bot_user_id))


def typed(text: str) -> Typed:
    """
    Return the prompt and the settings of what somebody typed: `a woodcut model:flux-dev batch:2`.

    A setting is a name, a colon and at once its value, which is in quotation marks if it has gaps.
    All else is the prompt, quotation marks and what is in them too.
    """
    reading = _Reading()
    for piece in _PIECE.finditer(text):
        reading.take(piece)
    return reading.typed()


def listed(text: str) -> str | None:
    """Return which list is asked for, `help`, `models` or `jobs`, or None when it is none."""
    word = text.strip().casefold()
    return word if word in LISTS else None


def uploads(files: object) -> tuple[Upload, ...]:
    """Return files as Slack tells of them, each once; what is no file is passed over."""
    told = files if isinstance(files, (list, tuple)) else ()
    found = {str(each["id"]): _upload(each) for each in told if _is_file(each)}
    return tuple(found.values())


def pictures_of(message: Payload) -> tuple[Upload, ...]:
    """
    Return the pictures that a message shows, in order, each once.

    Its files by what they announce, and those of a message that it forwards. Pictures of links are
    none: they are at addresses that anybody may have chosen.
    """
    found = {each.file_id: each for each in _files(message) if _may_be_picture(each)}
    return tuple(found.values())[:PICTURES_MAX]


def left_out(message: Payload) -> tuple[str, ...]:
    """Return what those files of a message are called that are none of its pictures."""
    taken = {each.file_id for each in pictures_of(message)}
    return tuple(each.name for each in _files(message) if each.file_id not in taken)


class _Reading:
    """A text while it is read."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._values: dict[str, str] = {}
        self._problems: list[Problem] = []

    def take(self, piece: re.Match[str]) -> None:
        """Take the next piece of the text."""
        name, value = piece["name"], (piece["value"] or "").rstrip(_MARKS)
        if name is None or _is_prose(name, value):
            self._kept.append(piece[0])
            return
        if self._kept and self._kept[-1].isspace():
            self._kept.pop()
        self._setting(name, value, piece["quoted"])

    def typed(self) -> Typed:
        """Return what has been read."""
        prompt = "".join(self._kept).strip()
        if prompt:
            self._keep("prompt", prompt)
        return Typed(values=self._values, problems=tuple(self._problems))

    def _setting(self, name: str, written: str, quoted: str | None) -> None:
        known, value = _NAMES.get(_folded(name)), written if quoted is None else quoted
        if known is None:
            allowed = f"{', '.join(_SETTINGS)}; quotation marks keep it in the prompt"
            self._refuse(shown(name), "there is no such setting", allowed)
        elif not value:
            allowed = f'{known}:value without a gap, or {known}:"several words"'
            self._refuse(known, "nothing follows its colon", allowed)
        elif quoted is None and value[0] in _OPEN:
            self._refuse(known, "its quotation mark is not closed", f'{known}:"several words"')
        else:
            self._keep(known, value)

    def _keep(self, name: str, value: str) -> None:
        if name in self._values:
            self._refuse(name, "is given twice", "once")
        else:
            self._values[name] = value

    def _refuse(self, name: str, reason: str, allowed: str) -> None:
        self._problems.append(Problem(parameter=name, reason=reason, allowed=allowed))


def _folded(name: str) -> str:
    return name.casefold().replace("-", "_")


def _is_prose(name: str, value: str) -> bool:
    """Whether a word with a colon is no setting: an address, an emoji, a sentence's start."""
    is_like_prose = not value or value.startswith("//") or value.endswith(":")
    return is_like_prose and _folded(name) not in _NAMES


def _files(message: Payload) -> Iterator[Upload]:
    yield from uploads(message.get("files"))
    for attached in message.get("attachments") or ():
        if isinstance(attached, Mapping):
            yield from uploads(attached.get("files"))


def _is_file(told: object) -> bool:
    return isinstance(told, Mapping) and isinstance(told.get("id"), str)


def _upload(file: Payload) -> Upload:
    address = file.get("url_private_download") or file.get("url_private")
    size, mimetype, mode = file.get("size"), file.get("mimetype"), file.get("mode")
    return Upload(
        file_id=str(file["id"]),
        url_private=str(address) if address else None,
        size_bytes=size if isinstance(size, int) else None,
        mimetype=str(mimetype) if mimetype else None,
        is_external=bool(file.get("is_external")),
        mode=str(mode) if mode else None,
        name=str(file.get("name") or ""),
    )


def _may_be_picture(file: Upload) -> bool:
    """Whether a file says that it is a picture, has the extension of one, or says nothing yet."""
    if file.is_gone:
        return False
    if file.mode == Mode.STUB or (file.mimetype or "").startswith("image/"):
        return True
    return file.name.casefold().rpartition(".")[2] in EXTENSIONS
