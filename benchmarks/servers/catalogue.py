"""All servers there are recipes for."""

from benchmarks.servers.irc import Ergo, InspIrcd, MiniIrcd, NgIrcd
from benchmarks.servers.own import Chatroom, Floor, PythonLoop, WebSocketChatroom
from benchmarks.servers.prosody import Prosody
from benchmarks.servers.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Chatroom(),
        WebSocketChatroom(),
        NgIrcd(),
        InspIrcd(),
        MiniIrcd(),
        Ergo(),
        Prosody(),
        PythonLoop(),
        Floor(),
    )
}
"""By name, in the order of the tables."""
