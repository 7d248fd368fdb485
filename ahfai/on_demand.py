"""Addresses whose views are loaded when the first of them is asked for."""

from django.urls import URLResolver
from django.urls.resolvers import RoutePattern


class OnDemand(URLResolver):
    """The addresses of a module, below `route` and in a namespace of their own."""

    def __init__(self, route: str, module: str, namespace: str) -> None:
        pattern = RoutePattern(route, is_endpoint=False)
        super().__init__(pattern, module, app_name=namespace, namespace=namespace)

    def _populate(self) -> None:
        """Nothing. Django calls this for everything at the first `reverse` of any name, and would
        load the module for it; names in a namespace are looked up among `url_patterns` instead,
        when one of them is asked for (django.urls.base.get_ns_resolver)."""
