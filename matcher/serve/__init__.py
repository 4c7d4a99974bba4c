"""The page to work on: `matcher serve`, on one machine, for people who sign in."""

from typing import TYPE_CHECKING

from matcher._lazy import lazy_names

if TYPE_CHECKING:
    from matcher.serve.app import create_app
    from matcher.serve.settings import ServeSettings
    from matcher.serve.state import Account, Accounts, StateFolder

__all__ = ["Account", "Accounts", "ServeSettings", "StateFolder", "create_app"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "matcher.serve.app": ["create_app"],
        "matcher.serve.settings": ["ServeSettings"],
        "matcher.serve.state": ["Account", "Accounts", "StateFolder"],
    },
)
