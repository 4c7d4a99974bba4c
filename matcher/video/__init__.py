"""Follow faces through a video, and give the few best frames of each as one probe."""

from matcher.video.facts import VideoCounts, VideoFacts
from matcher.video.limits import VideoLimits
from matcher.video.reading import VideoTracks, read_tracks
from matcher.video.times import seconds_of, time_text
from matcher.video.track import BestFrame, Track
from matcher.video.writing import WrittenTracks, write_tracks

__all__ = [
    "BestFrame",
    "Track",
    "VideoCounts",
    "VideoFacts",
    "VideoLimits",
    "VideoTracks",
    "WrittenTracks",
    "read_tracks",
    "seconds_of",
    "time_text",
    "write_tracks",
]
