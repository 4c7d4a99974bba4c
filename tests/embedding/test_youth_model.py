"""The project's own weights: whole, small enough to ship, and better where they should be."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from made_pictures import pictures
from numpy.typing import NDArray
from PIL import Image
from rendered_cohort import Cohort
from safetensors.torch import load, save

from matcher.degradation import RECIPES
from matcher.embedding import (
    FACE,
    LOW_RESOLUTION,
    Embedder,
    Extractor,
    LowResolutionView,
    Purpose,
    get_record,
)
from matcher.embedding.crop_embedder import normalised
from matcher.embedding.low_resolution import at_low_resolution
from matcher.embedding.models import DLIB_150, YOUTH_CORNER
from matcher.embedding.networks.torch_network import as_network, youth_resnet
from matcher.embedding.networks.youth_network import GradedProbe, YouthResnet
from matcher.embedding.weights import read_weights, weights_path
from matcher.errors import WeightsDamagedError
from matcher.faces import align, load_detector
from matcher.photos import load_photo
from training.crops import inner_crops

RECORD = get_record("youth-resnet")
CARRIED = weights_path(RECORD, Path())
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


def test_the_weights_come_with_the_package_and_are_those_of_the_record() -> None:
    weights = read_weights(RECORD, Path())
    assert RECORD.works_offline
    assert weights.sha256 == RECORD.weights.sha256
    assert len(weights.data) < 25_000_000


def test_few_bytes_on_disk_are_single_precision_at_work() -> None:
    module = youth_resnet(CARRIED.read_bytes())
    held = load(CARRIED.read_bytes())
    for network in ("clear.resnet", "worn.resnet", "clear.mobile", "worn.mobile"):
        bodies = [one for name, one in held.items() if name.startswith(f"{network}.body.")]
        assert {one.dtype for one in bodies} >= {torch.int8}
        assert held[f"{network}.spread.weight"].dtype == torch.float16
    assert {value.dtype for value in module.state_dict().values()} == {torch.float32}


def test_the_last_layer_of_both_mobile_networks_is_one() -> None:
    module, held = youth_resnet(CARRIED.read_bytes()), load(CARRIED.read_bytes())
    assert module.worn.mobile.body.last is module.clear.mobile.body.last
    assert "clear.mobile.body.last.weight" in held
    assert "worn.mobile.body.last.weight" not in held
    assert not module.clear.mobile.body.last.weight.is_meta


def test_vectors_are_of_unit_length_and_those_of_version_5_mirrored(
    youth_model: Embedder, blended_model: Embedder
) -> None:
    for model in (youth_model, blended_model):
        crops = pictures(3, model.record.crop.size)
        vectors = model.embed(crops)
        assert vectors.shape == (3, 128)
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert np.allclose(vectors, blended_model.embed(crops[:, :, ::-1]), atol=1e-5)


def test_a_gallery_keeps_the_vector_of_the_clear_expert_and_asks_no_other(
    youth_model: Embedder,
) -> None:
    crops = pictures(3, RECORD.crop.size)
    experts = youth_resnet(CARRIED.read_bytes(), YOUTH_CORNER)
    clear = as_network(experts.clear, torch.device("cpu"), "float32")
    kept = youth_model.embed_all(crops)
    np.testing.assert_allclose(kept.vectors, clear(normalised(crops, RECORD)), atol=1e-5)
    assert set(kept.kept) == {FACE}
    assert kept.degraded == (None,) * 3
    searched = youth_model.embed_all(crops, purpose="search")
    np.testing.assert_allclose(searched.vectors, kept.vectors, atol=1e-5)
    assert set(searched.compared_with) == {FACE}


@pytest.mark.parametrize(("degree", "share"), [(-3.0, 0.0), (0.0, 0.0), (1.0, 0.25), (9.0, 1.0)])
def test_the_more_degraded_a_probe_the_more_the_degraded_expert_counts(
    two_experts: YouthResnet, degree: float, share: float
) -> None:
    torch.nn.init.zeros_(two_experts.wear.weight)
    torch.nn.init.constant_(two_experts.wear.bias, degree)
    crops = torch.rand(3, 3, 150, 150)
    clear, worn = two_experts.clear(crops), two_experts.worn(crops)
    vectors, probes, degrees = GradedProbe(two_experts)(crops).split((128, 128, 1), dim=1)
    assert torch.allclose(vectors, clear, atol=1e-6)
    assert torch.allclose(probes, (1 - share) * clear + share * worn, atol=1e-6)
    assert degrees.flatten().tolist() == [degree] * 3


@pytest.mark.parametrize("data", [b"", b"not weights", save({"other": torch.zeros(1)})])
def test_bytes_that_are_no_weights_are_refused(data: bytes) -> None:
    with pytest.raises(WeightsDamagedError, match="state dict of YouthResnet"):
        youth_resnet(data)


@pytest.fixture
def two_experts() -> YouthResnet:
    torch.manual_seed(0)
    return YouthResnet().eval().requires_grad_(False)


def _vectors(network: YouthResnet, crops: torch.Tensor) -> torch.Tensor:
    return network(crops)[:, :128]


def _cosines(left: torch.Tensor, right: torch.Tensor) -> list[float]:
    return torch.nn.functional.cosine_similarity(left, right).tolist()


def test_experts_that_agree_speak_as_one(two_experts: YouthResnet) -> None:
    two_experts.worn.load_state_dict(two_experts.clear.state_dict())
    crops = torch.rand(3, 3, 150, 150)
    assert _cosines(_vectors(two_experts, crops), two_experts.clear(crops)) == pytest.approx(
        [1.0] * 3
    )


def test_where_they_do_not_agree_the_one_for_worn_photos_is_heard(two_experts: YouthResnet) -> None:
    opposite = {name: -value for name, value in two_experts.clear.joint.state_dict().items()}
    two_experts.worn.load_state_dict(two_experts.clear.state_dict())
    two_experts.worn.joint.load_state_dict(opposite)
    crops = torch.rand(3, 3, 150, 150)
    assert _cosines(_vectors(two_experts, crops), two_experts.worn(crops)) == pytest.approx(
        [1.0] * 3
    )


def test_beside_the_vector_stand_that_of_the_worn_expert_and_the_wear(
    two_experts: YouthResnet,
) -> None:
    crops = torch.rand(3, 3, 150, 150)
    clear, worn = two_experts.clear(crops), two_experts.worn(crops)
    signs = torch.cat((clear, worn, (clear * worn).sum(dim=1, keepdim=True)), dim=1)
    outputs = two_experts(crops)
    assert outputs.shape == (3, 257)
    assert torch.allclose(outputs[:, 128:256], worn, atol=1e-6)
    assert torch.allclose(outputs[:, 256:], two_experts.wear(signs), atol=1e-6)


def test_an_expert_hears_both_of_its_networks(two_experts: YouthResnet) -> None:
    expert, crops = two_experts.clear, torch.rand(3, 3, 150, 150)
    weights = expert.joint.weight
    for start, network in ((0, expert.resnet), (128, expert.mobile)):
        expert.joint.weight = torch.nn.Parameter(torch.zeros_like(weights), requires_grad=False)
        expert.joint.weight[:, start : start + 128] = torch.eye(128)
        assert _cosines(expert(crops), network(crops)) == pytest.approx([1.0] * 3)


@pytest.fixture(scope="module")
def crops(cohort: Cohort) -> NDArray[np.uint8]:
    """The rendered people at twelve, as the model sees them."""
    photos = [load_photo(path) for path in cohort.probes]
    faces = load_detector().detect(photos)
    return np.stack(
        [align(p, f[0].landmarks, RECORD.crop) for p, f in zip(photos, faces, strict=True)]
    )


def test_inside_the_margin_a_crop_is_that_of_dlibs_network(
    cohort: Cohort, crops: NDArray[np.uint8]
) -> None:
    photos = [load_photo(path) for path in cohort.probes]
    faces = load_detector().detect(photos)
    own = [align(p, f[0].landmarks, DLIB_150) for p, f in zip(photos, faces, strict=True)]
    assert np.abs(inner_crops(crops).astype(int) - np.stack(own)).max() <= 1


@pytest.mark.parametrize("recipe", ["px32-q30", "px24-q30", "cctv"])
def test_a_worn_face_stays_nearer_to_itself_than_with_the_weights_it_came_from(
    youth_model: Embedder, dlib_model: Embedder, crops: NDArray[np.uint8], recipe: str
) -> None:
    """How far the true face stands out from the others, in spreads of the others' scores."""
    worn = [RECIPES[recipe].apply(crop, seed=row) for row, crop in enumerate(crops)]
    size = (RECORD.crop.size, RECORD.crop.size)
    enlarged = np.stack([np.asarray(Image.fromarray(w).resize(size)) for w in worn])

    def stands_out(model: Embedder) -> float:
        seen = [one if model is youth_model else inner_crops(one) for one in (enlarged, crops)]
        scores = model.embed_all(seen[0], purpose="search").probes @ model.embed(seen[1]).T
        others = scores[~np.eye(len(crops), dtype=bool)]
        return float((np.diag(scores).mean() - others.mean()) / others.std())

    assert stands_out(youth_model) > stands_out(dlib_model)


def test_a_gallery_may_keep_a_second_vector_and_all_else_stays(
    youth_model: Embedder, low_resolution_model: Embedder
) -> None:
    crops = pictures(3, RECORD.crop.size)
    kept = low_resolution_model.embed_all(crops).kept
    assert set(kept) == {FACE, LOW_RESOLUTION}
    np.testing.assert_allclose(kept[FACE], youth_model.embed(crops), atol=1e-5)
    for purpose in PURPOSES:
        one, two = (
            m.embed_all(crops, purpose=purpose) for m in (youth_model, low_resolution_model)
        )
        np.testing.assert_allclose(one.probes, two.probes, atol=1e-5)
        assert one.degraded == two.degraded
    assert low_resolution_model.identity != youth_model.identity
    assert low_resolution_model.identity.weights_sha256 == youth_model.identity.weights_sha256


def test_only_what_is_degraded_more_than_half_way_is_compared_with_second_vectors(
    youth_model: Embedder, low_resolution_model: Embedder, extractor: Extractor, cohort: Cohort
) -> None:
    faces = [extractor.extract(path)[0].face for path in cohort.probes]
    crops = np.stack([align(face.photo, face.landmarks, RECORD.crop) for face in faces])
    seen = np.concatenate([crops, at_low_resolution(crops, LowResolutionView(28, quality=30))])
    made = low_resolution_model.embed_all(seen, purpose="search")
    experts = youth_resnet(CARRIED.read_bytes(), YOUTH_CORNER)
    graded = as_network(GradedProbe(experts), torch.device("cpu"), "float32")
    degrees = graded(normalised(seen, RECORD))[:, -1]
    assert made.degraded == tuple(map(bool, degrees > 0))
    assert made.compared_with == tuple(LOW_RESOLUTION if one > 2 else FACE for one in degrees)
    assert set(made.compared_with) == {FACE, LOW_RESOLUTION}
    assert set(youth_model.embed_all(seen, purpose="search").compared_with) == {FACE}
