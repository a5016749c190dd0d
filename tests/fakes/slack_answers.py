"""The fake's answers against Slack's method reference: statuses, names of errors, bodies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.fakes import slack_specification as specification
from tests.fakes.problem import Path, Problem
from tests.fakes.slack_calls import Call

COMMON = frozenset(
    {
        "access_denied",
        "account_inactive",
        "accesslimited",
        "deprecated_endpoint",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "fatal_error",
        "internal_error",
        "invalid_arg_name",
        "invalid_arguments",
        "invalid_array_arg",
        "invalid_auth",
        "invalid_charset",
        "invalid_form_data",
        "invalid_json",
        "invalid_post_type",
        "json_not_object",
        "method_deprecated",
        "missing_argument",
        "missing_charset",
        "missing_post_type",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "superfluous_charset",
        "team_access_not_granted",
        "team_added_to_org",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
        "upgrade_required",
    }
)
"""
Errors that any method may answer with; the reference lists those of a method's own alone.

Source: docs.slack.dev/reference/methods/auth.test, "Common errors".
"""
UNKNOWN = "unknown_method"
LIMITED = "ratelimited"


def answer_problems(call: Call) -> Iterator[Problem]:
    """
    Go through what the reference says against the answer that a call was given.

    Nothing is said of dropped connections and of 5xx answers, which no reference describes.
    """
    if call.status == 0 or call.status >= 500:
        return
    if call.status not in (200, 429):
        yield _problem("answer status", (), f"{call.status}, where Slack says 200 or 429")
    if (call.status == 429) != (call.error == LIMITED):
        yield _problem("answer status", (), f"{call.status} goes not with {call.error}")
    if call.error is not None and not _may_answer(call.method, call.error):
        yield _problem("answer error", (), f"{call.method} has no error {call.error}")


def body_problems(call: Call, body: Mapping[str, object]) -> Iterator[Problem]:
    """Go through what the reference says against the body of an answer; it may say more."""
    if body.get("ok") is not (call.error is None) or body.get("error") != call.error:
        yield _problem("answer body", ("ok",), f"goes not with {call.error or 'ok'}")
    elif call.ok and specification.method(call.method) is not None:
        for error in specification.answer_validator(call.method).iter_errors(body):
            yield _problem("answer body", tuple(error.absolute_path), error.message[:300])


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)


def _may_answer(name: str, error: str) -> bool:
    reference = specification.method(name)
    if reference is None or error == UNKNOWN:
        return reference is None and error == UNKNOWN
    own = reference["errors"]
    return error in COMMON or error in own or error in specification.former_errors(name)
