"""Runs containers as real processes under bubblewrap, on machines without Docker.

Every container has a directory and a supervisor process that outlives the kubelet. The two are all there is: what
a kubelet knows of a container it reads from the directory, and whether it lives from a FIFO that the supervisor
and the container's first process hold open. So a restarted kubelet adopts, and a killed supervisor shows.
"""
