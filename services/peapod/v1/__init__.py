"""The contract: stubs generated from protos/peapod/v1."""
