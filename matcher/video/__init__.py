"""Follow faces through a video, and give the few best frames of each as one probe."""

from matcher.video.facts import VideoCounts, VideoFacts, described_video
from matcher.video.limits import VideoLimits
from matcher.video.reading import VideoTracks, read_tracks, video_facts
from matcher.video.times import seconds_of, time_text
from matcher.video.track import BestFrame, Track
from matcher.video.writing import WrittenTracks, require_new_folder, write_tracks

__all__ = [
    "BestFrame",
    "Track",
    "VideoCounts",
    "VideoFacts",
    "VideoLimits",
    "VideoTracks",
    "WrittenTracks",
    "described_video",
    "read_tracks",
    "require_new_folder",
    "seconds_of",
    "time_text",
    "video_facts",
    "write_tracks",
]
