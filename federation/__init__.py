"""The language between libraries: contract, wire, client, server, directory, peers; gRPC below `transport`."""
