"""What a server keeps in its folder: accounts, sessions, photos not yet searched for, jobs."""

from matcher.serve.state.accounts import Account, Accounts, Role
from matcher.serve.state.attempts import Attempts
from matcher.serve.state.files import StateFolder
from matcher.serve.state.jobs import Job, JobItem, Jobs
from matcher.serve.state.sessions import Session, Sessions
from matcher.serve.state.uploads import Upload, Uploads

__all__ = [
    "Account",
    "Accounts",
    "Attempts",
    "Job",
    "JobItem",
    "Jobs",
    "Role",
    "Session",
    "Sessions",
    "StateFolder",
    "Upload",
    "Uploads",
]
