"""A small real IMAP server for tests: ``python imap_server.py folder [fetches]``.

It serves the ``*.eml`` files of the folder as INBOX to ``orders`` / ``secret`` and prints its port. Flags are kept in
``flags.json`` beside them, as they must outlive a connection. With ``fetches`` the line breaks while the message after
that many is sent, once.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import sys
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from twisted.cred import checkers, portal
from twisted.internet import defer, protocol, reactor
from twisted.mail import imap4
from zope.interface import implementer

FOLDER = Path(sys.argv[1])
FLAGS = FOLDER / "flags.json"
LETTERS_DAY = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
break_after = int(sys.argv[2]) if len(sys.argv) > 2 else 0
sent = 0
lines: list[Any] = []


@implementer(imap4.IMessage, imap4.IMessageFile)
class Letter:
    def __init__(self, uid: int, file: Path, flags: list[str]) -> None:
        self.uid, self.raw, self.flags = uid, file.read_bytes(), flags

    def getUID(self) -> int:
        return self.uid

    def getFlags(self) -> list[str]:
        return self.flags

    def getInternalDate(self) -> str:
        return "23-Nov-2026 09:00:00 +0800"

    def getHeaders(self, negate: bool, *names: Any) -> dict[str, str]:
        found = BytesHeaderParser().parsebytes(self.raw)
        wanted = {(name.decode() if isinstance(name, bytes) else name).lower() for name in names}
        return {name.lower(): value for name, value in found.items() if (name.lower() in wanted) != negate}

    def getBodyFile(self) -> io.BytesIO:
        return io.BytesIO(self.raw.partition(b"\r\n\r\n")[2])

    def getSize(self) -> int:
        return len(self.raw)

    def isMultipart(self) -> bool:
        return False

    def getSubPart(self, part: int) -> Any:
        raise IndexError(part)

    def open(self) -> io.BytesIO:
        global sent
        sent += 1
        if break_after and sent == break_after + 1:
            lines[-1].transport.abortConnection()
        return io.BytesIO(self.raw)


@implementer(imap4.IMailbox, imap4.ISearchableMailbox)
class Inbox:
    def __init__(self) -> None:
        self.flags: dict[str, list[str]] = json.loads(FLAGS.read_text()) if FLAGS.exists() else {}
        self.letters = [
            Letter(number, file, self.flags.setdefault(file.name, []))
            for number, file in enumerate(sorted(FOLDER.glob("*.eml")), 1)
        ]

    def getFlags(self) -> list[str]:
        return [r"\Seen", r"\Answered", r"\Deleted"]

    def getHierarchicalDelimiter(self) -> str:
        return "/"

    def getUIDValidity(self) -> int:
        return 1

    def getUIDNext(self) -> int:
        return len(self.letters) + 1

    def getUID(self, message: int) -> int:
        return message

    def getMessageCount(self) -> int:
        return len(self.letters)

    def getRecentCount(self) -> int:
        return 0

    def getUnseenCount(self) -> int:
        return sum(r"\Seen" not in one.flags for one in self.letters)

    def isWriteable(self) -> bool:
        return True

    def requestStatus(self, names: Any) -> Any:
        return imap4.statusRequestHelper(self, names)

    def addListener(self, listener: Any) -> None:
        """Nobody waits for news here."""

    removeListener = addListener

    def destroy(self) -> None:
        """The folder stays."""

    def _of(self, messages: Any) -> list[tuple[int, Letter]]:
        with contextlib.suppress(ValueError):  # it is told already
            messages.last = len(self.letters)
        return [(number, self.letters[number - 1]) for number in messages if 0 < number <= len(self.letters)]

    def fetch(self, messages: Any, uid: bool) -> list[tuple[int, Letter]]:
        return self._of(messages)

    def search(self, query: Any, uid: bool) -> Any:
        """``UNSEEN``, ``SEEN`` and ``SINCE``: all letters here are of one day, and none later than it."""
        words = [word.decode() if isinstance(word, bytes) else str(word) for word in query]
        days = [dt.datetime.strptime(f"{word} +0000", "%d-%b-%Y %z") for word in words if "-" in word]
        found = [
            number
            for number, letter in enumerate(self.letters, 1)
            if (r"\Seen" in letter.flags) == ("SEEN" in words) and all(day <= LETTERS_DAY for day in days)
        ]
        return defer.succeed(found)

    def store(self, messages: Any, flags: Any, mode: int, uid: bool) -> dict[int, list[str]]:
        for _number, letter in self._of(messages):
            given = [flag.decode() if isinstance(flag, bytes) else str(flag) for flag in flags]
            kept = [flag for flag in letter.flags if flag not in given]
            letter.flags[:] = kept if mode < 0 else given if mode == 0 else [*kept, *given]
        FLAGS.write_text(json.dumps(self.flags))
        return {number: letter.flags for number, letter in self._of(messages)}


class Account(imap4.MemoryAccount):
    def __init__(self) -> None:
        super().__init__("orders")
        self.mailboxes["INBOX"] = Inbox()


class Realm:
    def requestAvatar(self, name: Any, mind: Any, *interfaces: Any) -> Any:
        return imap4.IAccount, Account(), lambda: None


class Doors(protocol.Factory):
    def buildProtocol(self, address: Any) -> Any:
        server = imap4.IMAP4Server()
        known = checkers.InMemoryUsernamePasswordDatabaseDontUse()
        known.addUser(b"orders", b"secret")
        server.portal = portal.Portal(implementer(portal.IRealm)(Realm)(), [known])
        lines.append(server)
        return server


if __name__ == "__main__":
    port = reactor.listenTCP(0, Doors(), interface="127.0.0.1")  # type: ignore[attr-defined]
    print(port.getHost().port, flush=True)
    reactor.run()  # type: ignore[attr-defined]
