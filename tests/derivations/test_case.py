"""A case's random numbers have the sizes and properties of its settings."""

import numpy as np

from charrnn.derivations.case import Case, from_one


def drawn(seed=0):
    return np.random.default_rng(seed)


def test_the_sizes_are_all_different():
    case = Case()
    assert (case.T, case.M, case.D, case.C, case.B) == (4, 3, 5, 6, 2)
    assert (case.one_hot, case.averaged, case.given) == (False, None, True)


def test_the_loss_is_that_of_the_document_by_default():
    assert [Case().averages(document) for document in (False, True)] == [False, True]
    assert [Case(averaged=True).averages(document) for document in (False, True)] == [True, True]
    assert [Case(averaged=False).averages(document) for document in (False, True)] == [False, False]


def test_more_units_have_smaller_weights():
    for D in (4, 100):
        weights = Case(D=D).weights(drawn(), 300, 200)
        assert weights.shape == (300, 200)
        assert abs(weights.std() * np.sqrt(D) - 1.3) < 0.01
        assert abs(weights.mean()) * np.sqrt(D) < 0.02


def test_inputs_are_vectors_or_characters():
    vectors, characters = (Case(one_hot=one_hot).inputs(drawn(), 400, 2) for one_hot in (False, True))
    assert vectors.shape == characters.shape == (400, 2, 3)
    assert len(np.unique(vectors)) == 2400
    assert abs(vectors.std() - 1) < 0.05
    np.testing.assert_array_equal(characters.sum(axis=-1), np.ones((400, 2)))
    assert set(characters.argmax(axis=-1).ravel()) == {0, 1, 2}
    assert set(np.unique(characters)) == {0, 1}


def test_more_inputs_than_units_are_smaller():
    for M, length in ((5, 1.0), (6, np.sqrt(5 / 6)), (500, 0.1)):
        np.testing.assert_array_equal(Case(M=M).inputs(drawn(), 3), drawn().normal(0, 1, (3, M)) * length)


def test_labels_are_one_hot():
    labels = Case().labels(drawn(), 200, 2)
    assert labels.shape == (200, 2, 6)
    np.testing.assert_array_equal(labels.sum(axis=-1), np.ones((200, 2)))
    assert set(labels.argmax(axis=-1).ravel()) == set(range(6))


def test_an_initial_state_is_any_or_zero():
    given, zero = (Case(given=given).initial(drawn(), 300, 2) for given in (True, False))
    assert given.shape == zero.shape == (300, 2)
    assert abs(given.std() - 1) < 0.1
    np.testing.assert_array_equal(zero, np.zeros((300, 2)))


def test_the_numbers_are_drawn_in_this_way():
    """Pins the numbers of a seed."""
    case, scale = Case(), 1.3 / np.sqrt(5)
    np.testing.assert_array_equal(case.weights(drawn(), 2, 4), drawn().normal(0, scale, (2, 4)))
    np.testing.assert_array_equal(case.inputs(drawn(), 2, 4), drawn().normal(0, 1, (2, 4, 3)))
    np.testing.assert_array_equal(Case(one_hot=True).inputs(drawn(), 50).argmax(axis=1), drawn().integers(0, 3, 50))
    np.testing.assert_array_equal(case.labels(drawn(), 50).argmax(axis=1), drawn().integers(0, 6, 50))
    np.testing.assert_array_equal(case.initial(drawn(), 4), drawn().normal(0, 1, 4))


def test_documents_count_from_one():
    counted = from_one(np.array(["a", "b"]))
    assert counted[1] == "a"
    assert counted[2] == "b"
    assert len(counted) == 3
    assert counted[0] is None
