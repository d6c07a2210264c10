"""What the model of a cluster is made of: the cluster, what was seen of it, and what must always hold."""
