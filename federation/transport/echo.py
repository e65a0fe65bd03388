"""A bare grpc.aio unary echo: the upper limit with which calls between libraries are compared.

`python -m federation.transport.echo serve` prints its port and runs until its input ends; `... ask PORT` prints calls
per second with 32 in flight. No TLS, no Twisted, no library behind it.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Final

import grpc
import grpc.aio

PATH: Final = "/tongjie.bench.Echo/Ask"
IN_FLIGHT: Final = 32
CALLS: Final = 6_000
PAYLOAD: Final = b"x" * 200  # about the size of a question for a place in the quota


async def _echo(payload: bytes, _context: Any) -> bytes:
    return payload


async def serve() -> None:
    server = grpc.aio.server()
    service, method = PATH.strip("/").split("/")
    handlers = {method: grpc.unary_unary_rpc_method_handler(_echo)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)  # noqa: T201 - whoever started it reads the port here
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop(None)


async def ask(port: int) -> float:
    """Calls per second."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(PATH)
        await call(PAYLOAD, timeout=5.0)

        async def one(count: int) -> None:
            for _ in range(count):
                await call(PAYLOAD, timeout=5.0)

        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.gather(*(one(CALLS // IN_FLIGHT) for _ in range(IN_FLIGHT)))
        return CALLS / (loop.time() - began)


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["ask"]:
        print(asyncio.run(ask(int(arguments[1]))))  # noqa: T201 - the result
    else:
        asyncio.run(serve())


if __name__ == "__main__":
    main(sys.argv[1:])
