"""The table of characters: it is what Unicode has, where that can be asked."""

import pytest

from chatroom.auth.unicode_table import FILE, UnicodeTable
from tools import unicode_table


def test_the_table_is_what_icu_says() -> None:
    if not unicode_table.installed():
        pytest.skip("ICU is not installed")
    icu = unicode_table.Icu(unicode_table.installed())
    table = FILE.read_text("ascii")
    if f"# Unicode {icu.unicode_version}:" not in table:
        pytest.skip("ICU has another version of Unicode than the table")
    assert unicode_table.table(icu) == table


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("paypal", "paypal"),
        ("раураl", "paypal"),  # noqa: RUF001  # as in section 4 of UTS #39
        ("1I|", "lll"),
        ("rn", "rn"),
        ("m", "rn"),
        ("Å", "A\u030a"),
    ],
)
def test_skeletons(text: str, seen: str) -> None:
    assert UnicodeTable().skeleton(text.replace("|", "l")) == seen


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("abc", True),
        ("абв", True),
        ("abв", False),
        ("日本ごゴ", True),
        ("한漢", True),
        ("한ご", False),
        ("漢ㄅ", True),
        ("aご", False),
        ("123", True),
        ("a1é", True),
    ],
)
def test_scripts(text: str, *, one: bool) -> None:
    """Section 5.1 of UTS #39."""
    assert UnicodeTable().is_of_one_script(text) is one
