"""What makes an object right, for all who take objects in: the apiserver from its users, nodes from manifests."""
