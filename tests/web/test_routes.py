"""The table of routes."""

from http import HTTPStatus

from chatroom.web.routes import Request, Response, answer, plain


def _asked(method: str, path: str) -> Response:
    def there(request: Request) -> Response:
        return plain(HTTPStatus.OK, f"{request.method} {request.path}", ("X", "y"))

    return answer({"/there": there}, Request(method, path, {}, "203.0.113.7", False))


def test_a_path_is_answered_by_its_route() -> None:
    assert _asked("GET", "/there").body == (b"GET /there\n",)
    assert _asked("HEAD", "/there").headers == (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("X", "y"),
    )


def test_another_path_is_not_found_whatever_the_method() -> None:
    assert {_asked(each, "/elsewhere").status for each in ("GET", "POST")} == {404}


def test_another_method_is_refused() -> None:
    refused = _asked("POST", "/there")
    assert refused.status == 405
    assert ("Allow", "GET, HEAD") in refused.headers
