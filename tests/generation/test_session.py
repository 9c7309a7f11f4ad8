"""A text that a person and a model write together."""

import pytest
from tiny import trained

from charrnn import api
from charrnn.errors import SamplingError
from charrnn.generation.generator import Generator
from charrnn.generation.predictors import NGramPredictor
from charrnn.generation.sampling import SamplingOptions
from charrnn.generation.session import CONTEXT, Session, part_of
from charrnn.ngram.kneser_ney import fit
from charrnn.text.vocabulary import Vocabulary

COLD = SamplingOptions(temperature=0)


@pytest.fixture
def model(tiny_run):
    return api.load(tiny_run)


def drawn(model, prompt, seed, length=60, **options):
    return model.sample(prompt, length, stops=["\n"], seed=seed, **options)


def test_a_proposal_is_what_the_model_writes_with_its_seed(model):
    session = Session(model.generator(), "the cat ")
    for seed, proposal in enumerate(session.propose(4, seed=0)):
        expected = drawn(model, "the cat ", seed)
        assert proposal.rstrip("\n") == expected or expected.startswith(proposal)


def test_it_ends_with_its_line_or_with_a_whole_word(model):
    session = Session(model.generator(), "the cat ")
    for proposal in session.propose(30, length=20):
        assert "\n" not in proposal[:-1]
        assert proposal[-1:].isspace() or len(proposal) == 20


def test_a_word_that_the_length_cuts_is_left_out():
    text = "the cat sat on the mat.\n" * 20
    vocabulary = Vocabulary.from_text(text)
    counts = Generator(NGramPredictor(fit([vocabulary.encode(text)], len(vocabulary), 8)), vocabulary)
    assert Session(counts, "the c").propose(options=COLD, length=9) == ["at sat "]
    assert Session(counts, "the c").propose(options=COLD, length=1) == ["a"]


def test_feed_propose_accept_back(model):
    session = Session(model.generator())
    session.feed("the c")
    [proposal] = session.propose(options=COLD)
    taken = session.accept(proposal, "word")
    assert session.text == f"the c{taken}"
    assert session.back(len(taken)) == taken
    assert session.propose(options=COLD) == [proposal]
    assert session.accept(proposal) == proposal
    assert session.back(10_000) == f"the c{proposal}"
    assert session.text == ""


@pytest.mark.parametrize(
    ("proposal", "word"),
    [
        ("sat on", "sat "),
        (" sat on", " sat "),
        ("sat.\n", "sat."),
        ("\n", "\n"),
        ("\n\nsat", "\n\nsat"),
        ("  ", "  "),
        ("日本語", "日本語"),
        ("", ""),
    ],
)
def test_a_word_has_the_blanks_around_it_and_no_line_break_behind_it(proposal, word):
    assert part_of(proposal, "word") == word
    assert part_of(proposal, "line") == proposal


def test_characters_that_the_model_does_not_know_stay_in_the_text_and_are_not_read(model):
    known, more = Session(model.generator(), "the cat "), Session(model.generator(), "theß c日at ")
    assert more.unknown() == {"ß", "日"}
    assert more.unknown("ßcat") == {"ß"}
    assert known.unknown() == set()
    assert more.propose(3) == known.propose(3)
    assert more.text == "theß c日at "


def test_a_mark_that_the_model_reads_with_its_letter_is_not_unknown():
    vocabulary = Vocabulary.from_text("é\n")
    counts = Generator(NGramPredictor(fit([vocabulary.encode("é\n")], len(vocabulary), 2)), vocabulary)
    assert Session(counts, "e\u0301\r\nu\u0308").unknown() == {"u", "\u0308"}


def test_only_the_end_of_a_long_text_is_read(model):
    session = Session(model.generator(), "the cat sat on the mat.\n" * 1000)
    [proposal] = session.propose(options=COLD)
    assert max(session._generator.predictor.after) in range(CONTEXT // 2, CONTEXT + 2)
    assert proposal == Session(model.generator(), session.text[-CONTEXT // 2 :]).propose(options=COLD)[0]


def test_a_model_of_bytes_knows_everything(tmp_path, text_file):
    trained(tmp_path / "bytes", text_file, "data.unit=byte")
    session = Session(api.load(tmp_path / "bytes").generator(), "ß日 the cat ")
    assert session.unknown() == set()
    assert len(session.propose(2, length=10)) == 2


def test_a_model_of_documents_ends_a_line_where_it_ends_a_document(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("anna\nbob\ncleo\n" * 40, "utf-8")
    trained(tmp_path / "names", names, "data.boundary=\\n")
    model = api.load(tmp_path / "names")
    session = Session(model.generator(), "an")
    assert any(proposal.endswith("\n") for proposal in session.propose(20))
    after = Session(model.generator(), "bob\nan")
    assert after.propose(20) == session.propose(20)
    assert after.unknown() == set()


def test_a_mixture_writes_too(tiny_run):
    session = Session(api.load(tiny_run, ngram=True).generator(), "the c")
    assert session.propose(options=COLD)[0].startswith("at ")


def test_values_out_of_range_are_refused(model):
    with pytest.raises(SamplingError, match=r"seed. must be at least 0"):
        Session(model.generator(), "a").propose(seed=-1)
