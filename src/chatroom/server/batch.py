"""What the reading thread of a connection hands in together."""

from chatroom.log.committer import Job
from chatroom.server.face import Framing
from chatroom.server.outbox import Outbox
from chatroom.server.services import Submit
from chatroom.server.tickets import Answer, Ticket, Verbatim

_HEAVY_BYTES = 64 * 1024
"""How much the replies may weigh before they are handed in, even if more was read."""


class Batch:
    """Gathers what the commands of one read lead to, so that the committer is woken up once.

    Belongs to the reading thread.

    Args:
        outbox: where the replies go.
        submit: hands in what has gathered; see `Committer.submit`.
    """

    def __init__(self, outbox: Outbox, submit: Submit) -> None:
        self._outbox = outbox
        self._submit = submit
        self._jobs: list[Job[Ticket]] = []
        self._weight = 0

    @property
    def heavy(self) -> bool:
        """Whether it is time to hand it in."""
        return self._weight > _HEAVY_BYTES

    def put(self, job: Job[Ticket], weight: int) -> None:
        """Add something whose reply weighs so much; see `Debt`."""
        self._jobs.append(job)
        self._weight += self._outbox.debt.owe(weight)

    def answer(self, frame: bytes) -> None:
        """Reply with `frame`, behind the replies to all that was asked before."""
        answer = Answer(self._outbox, frame)
        self.put(Job(answer), answer.weight)

    def pass_on(self, data: bytes, framing: Framing | None = None) -> None:
        """Have `data` sent as it is, behind the replies to all that was asked before.

        Args:
            data: what a face has made; it may be empty.
            framing: how what follows is framed from here on; None for no change.
        """
        verbatim = Verbatim(self._outbox, data, framing)
        self.put(Job(verbatim), verbatim.weight)

    def flush(self) -> None:
        """Hand in what has gathered; wait while the client does not take its replies.

        Raises:
            HandoffClosed: the server has stopped.
        """
        if self._jobs:
            self._submit(self._jobs)
            self._jobs = []
            self._weight = 0
            self._outbox.debt.await_room()
