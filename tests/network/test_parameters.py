import numpy as np
import pytest

from charrnn.errors import NetworkError
from charrnn.network.parameters import Parameters

SHAPES = {"W": (2, 3), "b": (3,)}


def test_views_and_vector_share_their_numbers():
    parameters = Parameters(SHAPES)
    parameters.flat[:] = range(9)
    assert parameters["W"].tolist() == [[0, 1, 2], [3, 4, 5]]
    parameters["b"][:] = 7
    assert parameters.flat.tolist() == [0, 1, 2, 3, 4, 5, 7, 7, 7]
    assert len(parameters) == 9


def test_copies_in_another_precision_do_not_share():
    parameters = Parameters(SHAPES)
    copy = parameters.astype(np.complex128)
    copy.flat[:] = 1
    assert copy["W"].dtype == np.complex128
    assert not parameters.flat.any()


def test_loading_names_the_arrays_that_do_not_fit():
    parameters = Parameters(SHAPES)
    parameters.load({"W": np.ones((2, 3)), "b": np.ones(3)})
    assert parameters.flat.tolist() == [1] * 9
    with pytest.raises(NetworkError, match="lack b"):
        parameters.load({"W": np.ones((2, 3))})
    with pytest.raises(NetworkError, match=r"W has shape \(3, 2\); this network needs \(2, 3\)"):
        parameters.load({"W": np.ones((3, 2)), "b": np.ones(3)})
