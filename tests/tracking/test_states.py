"""A parcel's state from its events: in any order, told any number of times, some of them taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.tracking import ParcelState, TrackedEvent
from tracking.states import STATE_LABELS, fold

START = dt.datetime(2026, 11, 16, 12, 0, tzinfo=dt.UTC)
S = ParcelState


def event(state: ParcelState | None, hour: int, text: str = "", substate: str = "") -> TrackedEvent:
    """``None`` is a retraction."""
    return TrackedEvent(
        START + dt.timedelta(hours=hour),
        state or S.IN_TRANSIT,
        text=text,
        substate=substate,
        code=state.name if state else "EST",
        is_retraction=state is None,
    )


def story(*states: ParcelState | None) -> list[TrackedEvent]:
    return [event(state, hour) for hour, state in enumerate(states)]


def test_without_events_nothing_is_known() -> None:
    folded = fold(())

    assert folded.state == S.PENDING
    assert folded.state_at is folded.last_event is folded.posted_at is folded.delivered_at is None


def test_every_state_has_its_words() -> None:
    assert list(STATE_LABELS) == list(ParcelState)


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([S.INFO_RECEIVED, S.POSTED, S.IN_TRANSIT, S.OUT_FOR_DELIVERY, S.DELIVERED], S.DELIVERED),
        ([S.POSTED, S.DELIVERY_FAILED, S.OUT_FOR_DELIVERY], S.OUT_FOR_DELIVERY),
        ([S.POSTED, S.DELIVERY_FAILED, S.AVAILABLE_FOR_PICKUP], S.AVAILABLE_FOR_PICKUP),
        # What was written down late leads nobody back.
        ([S.IN_TRANSIT, S.POSTED], S.IN_TRANSIT),
        ([S.POSTED, S.INFO_RECEIVED], S.POSTED),
        ([S.OUT_FOR_DELIVERY, S.DELIVERED, S.IN_TRANSIT], S.DELIVERED),
        ([S.DELIVERED, S.OUT_FOR_DELIVERY], S.DELIVERED),
        ([S.DELIVERED, S.EXCEPTION], S.DELIVERED),
        # The way back passes the same places as the way there.
        ([S.OUT_FOR_DELIVERY, S.RETURNING, S.IN_TRANSIT, S.AVAILABLE_FOR_PICKUP], S.RETURNING),
        ([S.RETURNING, S.IN_TRANSIT, S.RETURNED], S.RETURNED),
        ([S.RETURNING, S.EXCEPTION, S.IN_TRANSIT, S.RETURNED], S.RETURNED),
        ([S.RETURNED, S.IN_TRANSIT], S.RETURNED),
        # The return was called off: it goes to the recipient again.
        ([S.RETURNING, S.OUT_FOR_DELIVERY, S.DELIVERY_FAILED], S.DELIVERY_FAILED),
        ([S.RETURNING, S.DELIVERED], S.DELIVERED),
        # Corrections.
        ([S.DELIVERED, S.RETURNED], S.RETURNED),
        ([S.LOST, S.IN_TRANSIT, S.DELIVERED], S.DELIVERED),
        ([S.EXCEPTION, S.IN_TRANSIT], S.IN_TRANSIT),
        ([S.CANCELLED, S.IN_TRANSIT], S.IN_TRANSIT),
    ],
)
def test_where_a_parcel_stands(states: Sequence[ParcelState], state: ParcelState) -> None:
    assert fold(story(*states)).state == state


def test_when_it_came_into_its_state_and_when_it_was_posted() -> None:
    folded = fold(story(S.INFO_RECEIVED, S.POSTED, S.IN_TRANSIT, S.IN_TRANSIT))

    assert folded.posted_at == START + dt.timedelta(hours=1)
    assert folded.state_at == START + dt.timedelta(hours=2)
    assert folded.last_event == event(S.IN_TRANSIT, 3)
    assert folded.delivered_at is None


def test_what_was_never_collected_was_not_posted() -> None:
    assert fold(story(S.INFO_RECEIVED, S.EXCEPTION, S.CANCELLED)).posted_at is None
    assert fold(story(S.EXCEPTION, S.IN_TRANSIT)).posted_at == START + dt.timedelta(hours=1)


def test_a_delivery_told_twice_was_at_the_first_moment() -> None:
    folded = fold(story(S.DELIVERED, S.DELIVERED, S.IN_TRANSIT))

    assert folded.delivered_at == folded.state_at == START
    assert folded.last_event == event(S.IN_TRANSIT, 2)


def test_the_substate_is_the_state_s_newest() -> None:
    late = [event(S.IN_TRANSIT, 0), event(S.IN_TRANSIT, 1, substate="delayed")]
    returning = [event(S.RETURNING, 2, substate="refused"), event(S.IN_TRANSIT, 3, substate="delayed")]

    assert fold(late).substate == "delayed"
    assert fold([*late, event(S.IN_TRANSIT, 2)]).substate == ""
    assert (fold([*late, *returning]).state, fold([*late, *returning]).substate) == (S.RETURNING, "refused")


# --- retractions ---


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([S.OUT_FOR_DELIVERY, S.DELIVERED, None], S.OUT_FOR_DELIVERY),
        ([S.OUT_FOR_DELIVERY, S.DELIVERED, None, S.DELIVERED], S.DELIVERED),
        # Each takes back one: the second that before the first.
        ([S.POSTED, S.OUT_FOR_DELIVERY, S.DELIVERED, None, None], S.POSTED),
        ([S.POSTED, S.RETURNING, None, S.IN_TRANSIT], S.IN_TRANSIT),
        ([None, S.POSTED], S.POSTED),
        ([S.POSTED, None], S.PENDING),
    ],
)
def test_a_retraction_takes_back_the_event_before_it(
    states: Sequence[ParcelState | None], state: ParcelState
) -> None:
    assert fold(story(*states)).state == state


def test_what_was_taken_back_is_named_and_left_out() -> None:
    posted, delivered, taken_back = story(S.POSTED, S.DELIVERED, None)

    folded = fold([posted, delivered, taken_back])

    assert folded.retracted == {delivered.identity, taken_back.identity}
    assert folded.last_event == posted
    assert folded.delivered_at is None


def test_a_retraction_that_is_told_twice_takes_back_one_event() -> None:
    events = story(S.POSTED, S.OUT_FOR_DELIVERY, S.DELIVERED, None)

    assert fold([*events, events[-1], events[-1]]).state == S.OUT_FOR_DELIVERY


def test_a_retraction_of_the_same_moment_comes_after_what_it_takes_back() -> None:
    assert fold([event(None, 1), event(S.DELIVERED, 1), event(S.POSTED, 0)]).state == S.POSTED


def test_an_event_that_is_learnt_after_its_retraction_is_taken_back_all_the_same() -> None:
    posted, delivered, taken_back = story(S.POSTED, S.DELIVERED, None)
    # Meanwhile it is taken to speak of the posting, which is the event before it that is known.
    assert fold([posted, taken_back]).state == S.PENDING

    assert fold([posted, taken_back, delivered]).state == S.POSTED


# --- order and repetition ---

EVENTS = st.lists(
    st.builds(
        event,
        st.sampled_from([*ParcelState, None]),
        # Few moments, so that many are equal.
        st.integers(0, 8),
        st.sampled_from(["", "a", "b"]),
        st.sampled_from(["", "delayed"]),
    ),
    max_size=14,
    unique_by=lambda each: each.identity,
)


@given(EVENTS, st.data())
def test_any_order_and_any_repetition_end_in_the_same_state(
    events: list[TrackedEvent], data: st.DataObject
) -> None:
    repeated = events + data.draw(st.lists(st.sampled_from(events), max_size=8) if events else st.just([]))

    assert fold(data.draw(st.permutations(repeated))) == fold(events)


@given(EVENTS)
def test_what_is_learnt_piece_by_piece_ends_as_what_is_learnt_at_once(events: list[TrackedEvent]) -> None:
    known: dict[str, TrackedEvent] = {}
    for each in reversed(events):
        known[each.identity] = each
        fold(known.values())

    assert fold(known.values()) == fold(events)


@given(EVENTS)
def test_what_is_said_hangs_together(events: list[TrackedEvent]) -> None:
    folded = fold(events)

    assert (folded.delivered_at is not None) == (folded.state == S.DELIVERED)
    assert folded.retracted <= {each.identity for each in events}
    if folded.last_event is None:
        assert folded.state == S.PENDING
    else:
        assert folded.last_event.identity not in folded.retracted
        assert folded.posted_at is None or folded.posted_at <= folded.last_event.occurred_at
