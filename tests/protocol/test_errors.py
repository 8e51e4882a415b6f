"""The codes, and what follows from each."""

import re

import pytest

from chatroom.protocol.errors import ADVICE, ErrorCode, ProtocolError

CONTRACT = """
bad_json bad_frame frame_too_large unknown_command missing_field invalid_field not_logged_in
already_logged_in invalid_username wrong_password registration_closed login_timeout
user_not_in_room message_too_long empty_message rate_limited too_many_connections id_reused
storage_full unavailable shutting_down internal
"""


ADDED = {"invalid_session", "invite_required", "invalid_invite", "banned", "tls_required"}
"""What has come since."""


def test_the_codes_are_those_of_the_contract_and_what_has_come_since() -> None:
    codes = [code.value for code in ErrorCode]
    assert [code for code in codes if code not in ADDED] == CONTRACT.split()
    assert set(codes) >= ADDED


def test_each_code_has_advice() -> None:
    assert list(ADVICE) == list(ErrorCode)
    assert all(re.fullmatch(r"[a-z].{10,}[^.]", advice.what_next) for advice in ADVICE.values())


def test_only_a_stream_out_of_step_or_an_unwanted_connection_is_closed() -> None:
    assert {code.value for code, advice in ADVICE.items() if not advice.stays_open} == {
        "frame_too_large",
        "banned",
        "login_timeout",
        "too_many_connections",
        "tls_required",
        "shutting_down",
    }


def test_an_error_carries_what_the_other_side_is_told() -> None:
    with pytest.raises(ProtocolError, match=r"^Slow down\.$") as caught:
        raise ProtocolError(ErrorCode.RATE_LIMITED, "Slow down.", retry_after=0.5)
    error = caught.value
    assert (error.code, error.message, error.field, error.retry_after) == (
        "rate_limited",
        "Slow down.",
        None,
        0.5,
    )
