"""
Decider: what the provider's error texts mean.

Source: github.com/aumritThought/qolaba_modal_docs at 3fdea31, the texts of its services and tasks.
"""

from __future__ import annotations

import re

from core.errors import Misconfiguration, Rejection

_VALIDATION = re.compile(r"^\d+ validation errors? for ")
_MODERATION = re.compile(r"detection of nsfw|content moderation", re.IGNORECASE)
_KEY_ERROR = re.compile(r"^\('ap-[^']*',\)$")
_NO_CREDITS = re.compile(
    r"\b(insufficient|not enough|out of|no more)\s+(\w+\s+)?(credits?|balance|funds)\b",
    re.IGNORECASE,
)
_NO_CREDITS_TEXT_MAX = 200


def classify(error: str, detail: str) -> Rejection:
    """
    Return why a request was refused; `error` is the short category, `detail` what it says besides.

    The validation text comes first, because it repeats the request and so may hold any word.
    """
    if _VALIDATION.match(detail) or detail == "()" or "Invalid Height and width" in detail:
        return Rejection.PARAMETERS
    if error == "Image Generation Error" or _MODERATION.search(detail):
        return Rejection.MODERATION
    if error == "Image URL Error":
        return Rejection.PICTURE
    if error == "Service Not Found" or _KEY_ERROR.match(detail):
        return Rejection.MODEL
    if detail.startswith("SoftTimeLimitExceeded"):
        return Rejection.TIME_LIMIT
    return Rejection.PROVIDER


def misconfiguration(error: str, detail: str) -> Misconfiguration | None:
    """Return what the operator has to mend, where the texts of a refusal say so."""
    if "Invalid API Key" in (error, detail) or detail == "('Invalid API Key',)":
        return Misconfiguration.CREDENTIALS
    for text in (error, detail):
        if len(text) <= _NO_CREDITS_TEXT_MAX and _NO_CREDITS.search(text):
            return Misconfiguration.CREDITS
    return None
