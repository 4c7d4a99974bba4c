"""A face from afar: what is shrunk and brought back, by whom it is seen, and who counts as worn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from made_pictures import pictures
from rendered_cohort import Cohort

from matcher.embedding import Embedder, Extractor, embed_looks, get_record
from matcher.embedding.cache import weights_path
from matcher.embedding.crop_embedder import CropEmbedder, from_afar
from matcher.embedding.torch_network import as_network, youth_resnet
from matcher.errors import InputError
from matcher.faces import align

RECORD = get_record("youth-resnet")


def test_what_has_no_detail_looks_the_same_from_afar() -> None:
    plain = np.full((2, 150, 150, 3), (10, 120, 230), np.uint8)
    np.testing.assert_array_equal(from_afar(plain, 32), plain)


def test_detail_is_averaged_away_and_what_is_larger_stays() -> None:
    fine = np.zeros((1, 150, 150, 3), np.uint8)
    fine[:, ::2] = 200
    assert np.ptp(from_afar(fine, 15)[0, 20:130].astype(int)) <= 12
    coarse = np.zeros((1, 150, 150, 3), np.uint8)
    coarse[:, :75] = 200
    seen = from_afar(coarse, 15)[0]
    assert seen[:60].min() > 180
    assert seen[90:].max() < 20


def test_who_is_far_already_loses_nothing_more() -> None:
    crops = from_afar(pictures(3, 150), 20)
    again = from_afar(crops, 60)
    assert np.abs(again.astype(int) - crops).mean() < 1.5


def test_no_crop_is_no_crop() -> None:
    assert from_afar(pictures(1, 150)[:0], 32).shape == (0, 150, 150, 3)


def test_the_expert_for_worn_faces_is_the_one_that_looks_from_afar(youth_model: Embedder) -> None:
    crops = pictures(4, 150)
    worn = youth_resnet(weights_path(RECORD, Path()).read_bytes()).worn
    expert = CropEmbedder(
        RECORD, youth_model.identity, as_network(worn, torch.device("cpu"), "float32")
    )
    assert RECORD.distant is not None
    wanted = expert.embed(from_afar(crops, RECORD.distant.pixels))
    np.testing.assert_allclose(youth_model.embed_from_afar(crops), wanted, atol=1e-5)


def test_a_model_without_a_distant_look_refuses_it(dlib_model: Embedder) -> None:
    with pytest.raises(InputError, match="distant look"):
        dlib_model.embed_from_afar(pictures(1, 150))
    looks = embed_looks(dlib_model, pictures(2, 150))
    assert looks.distant is None
    assert not looks.worn.any()


def test_crops_of_another_shape_are_refused_from_afar_too(youth_model: Embedder) -> None:
    with pytest.raises(InputError, match="crops"):
        youth_model.embed_from_afar(pictures(1, 112))


def test_rendered_faces_lose_less_from_afar_once_they_are_small(
    youth_model: Embedder, extractor: Extractor, cohort: Cohort
) -> None:
    faces = [extractor.extract(path)[0].face for path in cohort.probes]
    crops = np.stack([align(face.photo, face.landmarks, RECORD.crop) for face in faces])
    clear, small = embed_looks(youth_model, crops), embed_looks(youth_model, from_afar(crops, 24))
    assert clear.distant is not None
    assert small.distant is not None
    kept = [np.einsum("nd,nd->n", look.vectors, look.distant) for look in (clear, small)]
    assert np.median(kept[1]) > np.median(kept[0]) + 0.05
    assert clear.worn.sum() < small.worn.sum()
