import pytest

from chatroom.client.errors import NotInRoom, Refused
from chatroom.client.events import Receipt
from chatroom.client.requests import ExitRequest, PingRequest, Request, SendRequest, WhoRequest
from chatroom.client.wire import Confirmation, Pong, Refusal, Reply, Roster

_CONFIRMATION = Confirmation(3, "e", 1.5, "DM", True, "a")


def test_a_public_message_is_a_pm() -> None:
    assert SendRequest("a", "hi", None).data == b'{"command":"PM","message":"hi","id":"a"}\n'


def test_a_direct_message_is_a_dm() -> None:
    data = SendRequest("a", "hi", "bob").data
    assert data == b'{"command":"DM","to":"bob","message":"hi","id":"a"}\n'


def test_a_confirmation_becomes_a_receipt() -> None:
    request = SendRequest("a", "hi", "bob")
    request.settle(_CONFIRMATION)
    assert request.future.result(0) == Receipt(3, "e", 1.5, True, "a", "bob")


def test_a_refusal_is_raised_with_all_that_is_known() -> None:
    request = SendRequest("a", "hi", None)
    request.settle(Refusal("rate_limited", "Wait a little.", "a", "message", 2.5))
    with pytest.raises(Refused, match="Wait a little") as caught:
        request.future.result(0)
    error = caught.value
    assert (error.code, error.field, error.retry_after) == ("rate_limited", "message", 2.5)


def test_a_recipient_who_is_not_there_has_an_exception_of_its_own() -> None:
    request = SendRequest("a", "hi", "zoe")
    request.settle(Refusal("user_not_in_room", "Nobody called zoe is here."))
    with pytest.raises(NotInRoom, match="zoe"):
        request.future.result(0)


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (SendRequest("a", "hi", None), Pong()),
        (WhoRequest("a"), _CONFIRMATION),
        (PingRequest("a"), Roster(())),
        (ExitRequest("a"), Pong()),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(request_: Request[object], reply: Reply) -> None:
    request_.settle(reply)
    with pytest.raises(Refused, match="does not fit"):
        request_.future.result(0)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" \n", "empty_message"),
        ("bell\a", "invalid_field"),
        ("\ud800", "invalid_field"),
        ("x" * 65537, "message_too_long"),
        ('"' * 40000, "message_too_long"),
    ],
)
def test_what_would_cost_the_line_is_not_sent(text: str, code: str) -> None:
    """The last is short enough as a text and too long as JSON."""
    with pytest.raises(Refused) as caught:
        SendRequest("a", text, None)
    assert caught.value.code == code


def test_a_name_that_cannot_be_sent_is_refused() -> None:
    with pytest.raises(Refused, match="half a character"):
        SendRequest("a", "hi", "\udc00")


def test_what_was_submitted_cannot_be_cancelled() -> None:
    request = WhoRequest("a")
    assert not request.future.cancel()
    request.settle(Roster(("bob",)))
    assert request.future.result(0) == ("bob",)
