"""A name server on loopback: a real one, that knows what a test tells it."""

import socket
import threading
from types import TracebackType
from typing import Final, Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

_TTL_S: Final = 60
_LONGEST_STRING: Final = 255


class NameServer:
    """
    Answers TXT and A over UDP.

    Attributes:
        texts: The TXT records of each name.
        addresses: The IPv4 addresses of each name.
        failing: Names that are answered SERVFAIL.
        asked: Every question so far, as `name TYPE`.
    """

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.addresses: dict[str, list[str]] = {}
        self.failing: set[str] = set()
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            packet, sender = self._socket.recvfrom(4096)
            if not packet:
                return
            self._socket.sendto(self._answer(dns.message.from_wire(packet)).to_wire(), sender)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(f"{name} {dns.rdatatype.to_text(question.rdtype)}")
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if name in self.failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
            return answer
        if name not in self.texts and name not in self.addresses:
            answer.set_rcode(dns.rcode.NXDOMAIN)
            return answer
        records: list[str] = []
        if question.rdtype == dns.rdatatype.TXT:
            records = [_strings(text) for text in self.texts.get(name, [])]
        if question.rdtype == dns.rdatatype.A:
            records = self.addresses.get(name, [])
        if records:
            answer.answer.append(dns.rrset.from_text_list(question.name, _TTL_S, "IN", question.rdtype, records))
        return answer


def _strings(text: str) -> str:
    """As in a zone file, in parts of at most 255 characters."""
    parts = [text[start : start + _LONGEST_STRING] for start in range(0, len(text), _LONGEST_STRING)]
    return " ".join(f'"{part}"' for part in parts)
