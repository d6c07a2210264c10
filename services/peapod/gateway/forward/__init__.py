"""What the gateway forwards: requests for pods, services and nodes, to where these answer.

`routes` makes the routes. `endpoints` decides who answers; `passage` and `tunnel` pass HTTP and WebSockets on; `node`
stands in for kubelets.
"""

from peapod.gateway.forward.endpoints import routes

__all__ = ["routes"]
