"""What the gateway forwards: requests for pods, services and nodes, to where these answer."""
