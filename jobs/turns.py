"""One page per turn: a job that has got on gives way when others wait for a worker.

Only between a saved step and the next call, so that every run brings its job further, however many wait, and
no answer that is not kept yet (a refusal, which tells a person what to do) is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from accounts import gateways

# Who waits for longer found no idle worker; a shorter wait is the way of a nudge.
PATIENCE_SECONDS = 0.25


@dataclass
class _Turn:
    has_progressed: bool = False
    has_unsaved_call: bool = False


_current: ContextVar[_Turn | None] = ContextVar("turn", default=None)


@contextmanager
def taking_turn() -> Iterator[None]:
    """The handler of one job runs inside."""
    token = _current.set(_Turn())
    try:
        yield
    finally:
        _current.reset(token)


def mark_progress() -> None:
    """A step was saved: from here on the job may be interrupted without loss."""
    turn = _current.get()
    if turn is not None:
        turn.has_progressed, turn.has_unsaved_call = True, False


def mark_call() -> None:
    """A call of an account is spent: until a step is saved, an interruption loses it."""
    turn = _current.get()
    if turn is not None:
        turn.has_unsaved_call = True


def has_unsaved_call() -> bool:
    """Whether the running job would have to make a call again, were it interrupted now."""
    turn = _current.get()
    return turn is not None and turn.has_unsaved_call


def should_yield() -> bool:
    """Whether the running job has got on, would lose nothing, and another one waits for a worker.

    Never outside a job.
    """
    turn = _current.get()
    if turn is None or not turn.has_progressed or turn.has_unsaved_call:
        return False
    seconds = gateways.seconds_to_next_turn()
    return seconds is not None and seconds < -PATIENCE_SECONDS
