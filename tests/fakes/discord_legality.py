"""
Whether a recorded call to the fake Discord would be taken by the real one.

`problems(call)` is to be empty for every call that a test has recorded; `answer_problems` is the
same for what the fake itself answers. Both judge by Discord's official OpenAPI document where it
is at hand (`is_at_hand`), and `problems` always by the further limits that the document leaves
out, and by our own rules. Each problem reads `rule: where: text`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.fakes import discord_attachment_limits as attachment_limits
from tests.fakes import discord_command_limits as command_limits
from tests.fakes import discord_component_limits as component_limits
from tests.fakes import discord_house_rules as house_rules
from tests.fakes import discord_message_limits as message_limits
from tests.fakes import discord_schema as schema
from tests.fakes import discord_specification as specification
from tests.fakes.discord_calls import Call
from tests.fakes.discord_posted import Callback, callback_type, message_of, modal_of
from tests.fakes.problem import Problem, mapping

MISSING = specification.MISSING
is_at_hand = specification.is_at_hand


def problems(call: Call) -> list[str]:
    """Return what is wrong with a request, nothing when Discord takes it and the house does."""
    return [str(problem) for problem in found_in(call)]


def response_problems(call: Call, answer_body: object) -> list[str]:
    """
    Return what is wrong with the fake's own answer to `call`, by the schema for `call.status`.

    `answer_body` is the decoded JSON of the answer, None for an empty one. Keys that the document
    does not know are allowed in answers. Nothing is said of 5xx answers and dropped connections,
    which no document describes, nor without the document. A test of the fake checks its shapes so:

        assert response_problems(call, await response.json()) == []

    """
    if not is_at_hand():
        return []
    return [str(problem) for problem in schema.answer_problems(call, answer_body)]


def found_in(call: Call) -> list[Problem]:
    """Return the problems as values; what a limit says of a place, the schema does not repeat."""
    limits = list(_limits(call))
    told = {problem.path for problem in limits if problem.path}
    if not is_at_hand():
        return limits
    return [*limits, *(each for each in schema.problems(call) if each.path not in told)]


def _limits(call: Call) -> Iterator[Problem]:
    yield from house_rules.token_problems(call)
    yield from attachment_limits.file_problems(call)
    yield from command_limits.command_problems(call)
    yield from command_limits.thread_problems(call)
    posted, modal = message_of(call), modal_of(call)
    if posted is not None:
        yield from message_limits.problems(posted, call)
        yield from attachment_limits.problems(posted)
        yield from component_limits.component_problems(posted.fields, posted.path)
        yield from house_rules.mention_problems(posted)
    if modal is not None:
        yield from component_limits.modal_problems(modal)
    if callback_type(call) == Callback.AUTOCOMPLETE:
        choices = mapping(mapping(call.body).get("data")).get("choices")
        yield from component_limits.choice_problems(choices, ("data", "choices"))
