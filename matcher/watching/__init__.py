"""The watch list of a gallery: standing probes that are compared with everybody who is enrolled."""

from matcher.watching.delivery import Receive
from matcher.watching.leads import WatchLead, WatchRun
from matcher.watching.listing import WatchedSubject, WatchState, read_watch_list
from matcher.watching.opening import has_watch_list, open_watch_list, set_watch_list
from matcher.watching.receivers import NoReceiver, Receiver, ToCommand, ToFile
from matcher.watching.running import forget_removed, run_watch_list

__all__ = [
    "NoReceiver",
    "Receive",
    "Receiver",
    "ToCommand",
    "ToFile",
    "WatchLead",
    "WatchRun",
    "WatchState",
    "WatchedSubject",
    "forget_removed",
    "has_watch_list",
    "open_watch_list",
    "read_watch_list",
    "run_watch_list",
    "set_watch_list",
]
