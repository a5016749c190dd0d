"""
Whether a recorded call to the fake Slack would be taken by the real one.

`problems(call)` is to be empty for every call that a test has recorded; `answer_problems(call)` is
the same for what the fake answered. Both judge by Slack's method reference where it is at hand
(`is_at_hand`), and `problems` always by the limits of messages, blocks and views, which the
reference leaves out, by slack_sdk's models, and by our own rules. What goes to a response_url or
with a receipt is judged too. Each problem reads `rule: where: text`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.fakes import slack_acknowledged as acknowledged
from tests.fakes import slack_answers as answers
from tests.fakes import slack_arguments as arguments
from tests.fakes import slack_house_rules as house_rules
from tests.fakes import slack_manifest as manifests
from tests.fakes import slack_message_limits as message_limits
from tests.fakes import slack_models as models
from tests.fakes import slack_scopes as scopes
from tests.fakes import slack_specification as specification
from tests.fakes import slack_view_limits as view_limits
from tests.fakes.problem import Problem
from tests.fakes.slack_calls import Call

MISSING = specification.MISSING
is_at_hand = specification.is_at_hand

Object = Mapping[str, object]


def problems(call: Call) -> list[str]:
    """Return what is wrong with a call, nothing when Slack takes it and the house does."""
    if acknowledged.is_without_method(call):
        return _said(list(acknowledged.problems(call)), call.arguments)
    limits = list(_limits(call))
    if is_at_hand():
        told = {problem.path for problem in limits if problem.path}
        limits += [each for each in arguments.problems(call) if each.path not in told]
    return _said(limits, call.arguments)


def answer_problems(call: Call) -> list[str]:
    """Return what is wrong with the fake's answer: status, and an error that the method has not."""
    if acknowledged.is_without_method(call) or not is_at_hand():
        return []
    return [str(each) for each in answers.answer_problems(call)]


def response_problems(call: Call, body: Object) -> list[str]:
    """
    Return what is wrong with the fake's answer to `call`, the decoded body of it too.

    A test of the fake checks its shapes so:

        assert response_problems(call, await response.json()) == []

    """
    found = answers.body_problems(call, body) if is_at_hand() else ()
    return [*answer_problems(call), *map(str, found)]


def manifest_problems(manifest: Object) -> list[str]:
    """Return what is wrong with an app manifest: for Slack's schemas, and beyond least scopes."""
    return [str(each) for each in manifests.manifest_problems(manifest)]


def _said(found: list[Problem], given: Object) -> list[str]:
    """Add what slack_sdk's models say of places where nothing else was found."""
    return [str(each) for each in (*found, *models.model_problems(given, found))]


def _limits(call: Call) -> Iterator[Problem]:
    yield from house_rules.house_problems(call)
    yield from scopes.call_problems(call)
    yield from message_limits.upload_problems(call.method, call.arguments)
    most = message_limits.TEXTS.get(call.method)
    if most is not None:
        yield from message_limits.message_problems(call.arguments, most)
    yield from view_limits.target_problems(call.method, call.arguments)
    view = call.arguments.get("view")
    if isinstance(view, Mapping):
        yield from view_limits.view_problems(view, ("view",))
