"""The page to work on: `matcher serve`, on one machine, for people who sign in."""

from typing import TYPE_CHECKING

from matcher._lazy import lazy_names

if TYPE_CHECKING:
    from matcher.serve.errors import AccountError, ServeError
    from matcher.serve.listening import Listening
    from matcher.serve.rights import grant_right, remove_account, revoke_right
    from matcher.serve.settings import ServeSettings
    from matcher.serve.starting import create_app, run_server
    from matcher.serve.state import Account, Accounts, Role, StateFolder

__all__ = [
    "Account",
    "AccountError",
    "Accounts",
    "Listening",
    "Role",
    "ServeError",
    "ServeSettings",
    "StateFolder",
    "create_app",
    "grant_right",
    "remove_account",
    "revoke_right",
    "run_server",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "matcher.serve.errors": ["AccountError", "ServeError"],
        "matcher.serve.listening": ["Listening"],
        "matcher.serve.rights": ["grant_right", "remove_account", "revoke_right"],
        "matcher.serve.settings": ["ServeSettings"],
        "matcher.serve.starting": ["create_app", "run_server"],
        "matcher.serve.state": ["Account", "Accounts", "Role", "StateFolder"],
    },
)
