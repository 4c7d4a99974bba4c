"""Every error the library raises on purpose, in one tree.

MatcherError
├── InputError (ValueError)            an argument breaks a documented rule
│   ├── PhotoError                     a photo cannot be read as a picture
│   │   ├── PhotoNotFoundError (FileNotFoundError)
│   │   ├── PhotoFormatError           not a picture, or in an unsupported format
│   │   ├── PhotoDamagedError          a picture that is truncated or contradicts itself
│   │   ├── PhotoFailureError          made the code of a decoder, detector or model fail
│   │   ├── PhotoChangedError          not the file that was enrolled or searched with
│   │   └── PhotoTooLargeError         more bytes, pixels or parts than the limits allow
│   ├── FaceError                      a photo without the requested face
│   │   ├── NoFaceError
│   │   ├── SeveralFacesError
│   │   └── FaceRefusedError           the quality policy refuses the face
│   ├── ManifestError                  a manifest or a row of it that cannot be understood
│   ├── ExchangeFileError              a list of hashes or a VICS file that cannot be used
│   └── VideoError                     a video cannot be read
│       ├── VideoNotFoundError (FileNotFoundError)
│       ├── VideoFormatError           no video of a supported format, or one without pictures
│       ├── VideoDamagedError          a video that cannot be decoded
│       └── VideoTooLargeError         more pixels, frames or hours than the limits allow
├── ModelError                         weights or their record
│   ├── UnknownModelError (KeyError)
│   ├── WeightsMissingError (FileNotFoundError)
│   ├── WeightsDamagedError            the file is not the file that the record names
│   └── DownloadError
├── GalleryError                       the gallery on disk
│   ├── GalleryNotFoundError (FileNotFoundError)
│   ├── GalleryExistsError (FileExistsError)
│   ├── GalleryModelError              made by another model
│   ├── GalleryFormatError             written by a newer version, or not a gallery
│   ├── GalleryDamagedError
│   ├── GalleryKeyError                an encrypted gallery without its key, or with another one
│   ├── GalleryBusyError               another process is writing
│   │   └── JobRunningError            another job works on the gallery
│   ├── GalleryReplacedError           switched to another edition after it was opened
│   ├── JobError                       a job cannot start, continue or complete in this way
│   │   └── JobStalledError            the job finished no work for too long
│   ├── IndexServerError               the server of the index cannot be reached, or fails
│   ├── GalleryWriteError              disk full, no rights; nothing was half written
│   ├── WatchListError                 there is no watch list, or a file of it cannot be used
│   ├── NotAuthorisedError             a governed gallery is used without what this use needs
│   ├── ActivityLogError               the log of a governed gallery is missing or damaged
│   ├── ReviewError                    an opinion on a lead that cannot be given or withdrawn
│   ├── UnknownLeadError (KeyError)    of `matcher.casework`, as the one before
│   └── UnknownSubjectError (KeyError)
├── ForkError                          used in a process that `os.fork` made
├── ServeError, AccountError           a server, its state or an account; in `matcher.serve`
├── OutputError                        results cannot be written where they were to go
├── CrossFileError                     a file of compared pairs cannot be used
├── GroupFileError                     a file of groups of faces cannot be used
├── CalibrationError                   a calibration cannot be read, or does not fit the request
└── MissingExtraError (ImportError)    an optional dependency is not installed

Each message says what was wrong, the rule, what was found, and what to do next. The four facts are
attributes too. `code` is a short stable name for reports and exit statuses.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from matcher.paths import shown


class MatcherError(Exception):
    """Base of all errors of this library.

    Parameters
    ----------
    what
        The thing that was wrong, named as the user knows it.
    rule
        What is required of it.
    got
        What was found instead.
    next_step
        What the user can do about it, as a sentence.
    path
        The file or directory concerned, if there is one.
    """

    code: ClassVar[str] = "error"

    def __init__(
        self, what: str, *, rule: str, got: object, next_step: str, path: Path | None = None
    ) -> None:
        super().__init__(what, rule, got, next_step, path)
        self.what = what
        self.rule = rule
        self.got = got
        self.next_step = next_step
        self.path = path

    def __str__(self) -> str:
        where = f" ({self.path})" if self.path is not None else ""
        return shown(f"{self.what}{where}: {self.rule}; got {self.got}. {self.next_step}")

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling between worker processes.
        facts = (self.what, self.rule, self.got, self.next_step, self.path)
        return _rebuild, (type(self), *facts)


def _rebuild(
    cls: type[MatcherError], what: str, rule: str, got: object, next_step: str, path: Path | None
) -> MatcherError:
    return cls(what, rule=rule, got=got, next_step=next_step, path=path)


class InputError(MatcherError, ValueError):
    """An argument breaks a documented rule."""

    code = "bad_input"


class PhotoError(InputError):
    """A photo cannot be read as a picture."""

    code = "photo_unreadable"


class PhotoNotFoundError(PhotoError, FileNotFoundError):
    """There is no file at the path, or it is not a file."""

    code = "photo_not_found"


class PhotoFormatError(PhotoError):
    """The bytes are not a picture, or are in a format that is not supported."""

    code = "photo_format"


class PhotoDamagedError(PhotoError):
    """The picture is truncated, or its parts contradict each other."""

    code = "photo_damaged"


class PhotoFailureError(PhotoError):
    """A decoder, a detector or a model raised an error of its own on the photo; `got` names it."""

    code = "photo_failure"


class PhotoTooLargeError(PhotoError):
    """The file has more bytes, pixels or parts than the limits allow."""

    code = "photo_too_large"


class PhotoChangedError(PhotoError):
    """The file at the path is not the one that was enrolled or searched with."""

    code = "photo_changed"


class FaceError(InputError):
    """A photo lacks the requested face."""

    code = "face"


class NoFaceError(FaceError):
    """No face was found."""

    code = "no_face"


class SeveralFacesError(FaceError):
    """More than one face was found where the caller asked for exactly one."""

    code = "several_faces"


class FaceRefusedError(FaceError):
    """The quality policy refuses the face; `got` holds the reasons."""

    code = "face_refused"


class ManifestError(InputError):
    """A manifest, or one row of it, cannot be understood."""

    code = "manifest"


class ExchangeFileError(InputError):
    """A list of hashes or a VICS file cannot be read, or holds nothing to use."""

    code = "exchange_file"


class VideoError(InputError):
    """A video cannot be read."""

    code = "video_unreadable"


class VideoNotFoundError(VideoError, FileNotFoundError):
    """There is no file at the path, or it is not a file."""

    code = "video_not_found"


class VideoFormatError(VideoError):
    """The file is no video of a supported format, or has no track of pictures."""

    code = "video_format"


class VideoDamagedError(VideoError):
    """No picture of the video could be decoded, or its decoder died of it."""

    code = "video_damaged"


class VideoTooLargeError(VideoError):
    """The video has more pixels, frames or hours than the limits allow."""

    code = "video_too_large"


class ModelError(MatcherError):
    """The weights of a model, or the record that describes them, are at fault."""

    code = "model"


class UnknownModelError(ModelError, KeyError):
    """No model of this name is registered."""

    code = "unknown_model"
    __str__ = MatcherError.__str__


class WeightsMissingError(ModelError, FileNotFoundError):
    """The weights are not on this machine."""

    code = "weights_missing"


class WeightsDamagedError(ModelError):
    """The weights are not the file that the record names."""

    code = "weights_damaged"


class DownloadError(ModelError):
    """A download did not complete. The files on disk are as they were before."""

    code = "download"


class GalleryError(MatcherError):
    """A gallery on disk is at fault."""

    code = "gallery"


class GalleryNotFoundError(GalleryError, FileNotFoundError):
    """There is no gallery at the path."""

    code = "gallery_not_found"


class GalleryExistsError(GalleryError, FileExistsError):
    """Something already exists at the path."""

    code = "gallery_exists"


class GalleryModelError(GalleryError):
    """The gallery was made by another model."""

    code = "gallery_model"


class GalleryFormatError(GalleryError):
    """The gallery was written by a newer version, or is not a gallery."""

    code = "gallery_format"


class GalleryDamagedError(GalleryError):
    """The gallery's files contradict themselves."""

    code = "gallery_damaged"


class GalleryBusyError(GalleryError):
    """Another process is writing to the gallery."""

    code = "gallery_busy"


class JobRunningError(GalleryBusyError):
    """Another re-indexing job works on the gallery; the message names its host, pid and start."""

    code = "job_running"


class GalleryReplacedError(GalleryError):
    """The gallery was switched to another edition after it was opened."""

    code = "gallery_replaced"


class JobError(GalleryError):
    """A job cannot start, continue or complete as requested."""

    code = "job"


class JobStalledError(JobError):
    """The job finished no work for so long that it stopped. Finished work is stored."""

    code = "job_stalled"


class IndexServerError(GalleryError):
    """The server that holds the index cannot be reached, or fails."""

    code = "index_server"


class GalleryWriteError(GalleryError):
    """Writing failed (disk full, no rights). The last transaction was rolled back."""

    code = "gallery_write"


class WatchListError(GalleryError):
    """A gallery has no watch list, or a file of its watch list cannot be used."""

    code = "watch_list"


class NotAuthorisedError(GalleryError):
    """A governed gallery is used without the case, purpose or permission that this use needs."""

    code = "not_authorised"


class ActivityLogError(GalleryError):
    """The activity log of a gallery, or a file that belongs to it, is missing or damaged."""

    code = "activity_log"


class UnknownSubjectError(GalleryError, KeyError):
    """The gallery has no subject with this identifier."""

    code = "unknown_subject"
    __str__ = MatcherError.__str__


class CorrectionError(GalleryError):
    """A correction of a gallery's records cannot be taken back."""

    code = "correction"


class CalibrationError(MatcherError):
    """A calibration cannot be read, belongs to another model, or does not cover the request."""

    code = "calibration"


class CrossFileError(MatcherError):
    """A file of compared pairs is no such file, is damaged, in use, or cannot be written."""

    code = "cross_file"


class GroupFileError(MatcherError):
    """A file of groups is no such file, is damaged, in use, or of another model."""

    code = "group_file"


class ForkError(MatcherError):
    """Something is used in a process that `os.fork` made, where it would hang or do harm."""

    code = "forked"


class OutputError(MatcherError):
    """Results cannot be written where they were to go, as on a full disk."""

    code = "output"


class MissingExtraError(MatcherError, ImportError):  # type: ignore[misc]  # ImportError.path
    """An optional dependency is not installed."""

    code = "missing_extra"
