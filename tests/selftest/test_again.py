"""Sending something once more that was confirmed."""

import socket

from chatroom.client.connect import connect
from chatroom.selftest.again import send_again
from tests.serving import Server


def test_the_server_knows_it_and_says_where_it_stands() -> None:
    with (
        Server() as server,
        connect(server.address, username="ann", password="pw") as ann,
    ):
        for to in (None, "ann"):
            receipt = ann.submit("hello", to=to).result(20)
            answer = send_again(server.port, "ann", "pw", receipt.id, "hello", to)
            assert answer is not None
            assert answer["type"] == "confirmation"
            assert (answer["seq"], answer["epoch"]) == (receipt.seq, receipt.epoch)
            assert answer["duplicate"] is True
            answer = send_again(server.port, "ann", "pw", receipt.id, "hullo", to)
            assert answer is not None
            assert (answer["type"], answer["code"]) == ("error", "id_reused")


def test_there_may_be_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert send_again(port, "ann", "pw", "1", "hello", None) is None
