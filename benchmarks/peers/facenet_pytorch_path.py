"""The path of facenet-pytorch: MTCNN with its own crops, InceptionResnetV1."""

from __future__ import annotations

from typing import Any

import torch
from facenet_pytorch import MTCNN, InceptionResnetV1
from PIL import Image
from runner_protocol import Look, Seen, serve


def load(options: dict[str, Any]) -> Look:
    """Load both networks; the weights are read from the file, not fetched."""
    torch.set_num_threads(1)
    mtcnn = MTCNN(keep_all=True)
    state = torch.load(options["files"]["facenet-vggface2"], map_location="cpu", weights_only=True)
    resnet = InceptionResnetV1(pretrained=None, classify=False, num_classes=8631)
    resnet.load_state_dict(state, strict=False)  # the last layer of classes is left out
    resnet.eval()

    def look(photo: str, purpose: str) -> Seen:
        del purpose
        seen = Seen()
        with seen.timed("decode"):
            image = Image.open(photo).convert("RGB")
        with seen.timed("detect"), torch.no_grad():
            boxes, _ = mtcnn.detect(image)
            crops = None if boxes is None else mtcnn.extract(image, boxes, None)
        if crops is not None:
            with seen.timed("embed"), torch.no_grad():
                seen.vectors = list(resnet(crops).numpy())
            seen.boxes = list(boxes)
        return seen

    return look


if __name__ == "__main__":
    serve(load, ("facenet-pytorch", "torch", "numpy", "pillow"), "euclidean")
