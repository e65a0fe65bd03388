"""gRPC: the only place that imports it, and the only one that knows asyncio."""

from federation.transport.channels import GrpcTransport
from federation.transport.server import GrpcServer, ListenError

__all__ = ["GrpcServer", "GrpcTransport", "ListenError"]
