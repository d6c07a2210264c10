"""What a node's kubelet served over HTTP, answered from the gRPC of today."""
