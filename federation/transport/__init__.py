"""gRPC: the only place that imports it, and the only one that knows asyncio."""

import os

# gRPC's core writes a line to stderr for each lost connection. It reads this setting when it is imported.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

from federation.transport.channels import GrpcTransport
from federation.transport.server import GrpcServer, ListenError

__all__ = ["GrpcServer", "GrpcTransport", "ListenError"]
