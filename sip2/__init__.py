"""SIP2 2.00 without IO: bytes in, values out, and back. Only the standard library.

    framer, memory = Framer(), Memory(dialect)
    for frame in framer.feed(data):                      # bytes, or Oversize
        match memory.receive(decode(frame, dialect)):
            case Process(received):                      # a new request: received.message is e.g. a Checkout
                answer = encode(response, received.sequence, dialect, received.error_detection)
                memory.answered(received, answer)        # then send it
            case Send(data):                             # 96, or an answer once more
                ...
            case Ignored(why):
                ...

`sip2.messages` has the messages, `sip2.codes` their code tables, `sip2.dates` and `sip2.amounts` what is in them.
Nothing raises on what came over the wire.
"""

from sip2 import messages
from sip2.codec import Decoded, Ignored, Received, Resend, cleaned, decode, encode, without_sequence
from sip2.declaring import LAYOUTS, Message, Request, Response, message
from sip2.dialects import DEFAULT, NAMED, Dialect
from sip2.fields import SipDate
from sip2.framing import Framer, Oversize
from sip2.memory import Exchange, Memory, Process, Send, Step
from sip2.patient import UnknownField

__all__ = [
    "DEFAULT",
    "LAYOUTS",
    "NAMED",
    "Decoded",
    "Dialect",
    "Exchange",
    "Framer",
    "Ignored",
    "Memory",
    "Message",
    "Oversize",
    "Process",
    "Received",
    "Request",
    "Resend",
    "Response",
    "Send",
    "SipDate",
    "Step",
    "UnknownField",
    "cleaned",
    "decode",
    "encode",
    "message",
    "messages",
    "without_sequence",
]
