import pytest

from charrnn import api
from charrnn.checks.estimate import refuse_if_long
from charrnn.checks.gradcheck import small_case
from charrnn.checks.oracles import ORACLES
from charrnn.errors import CheckError
from charrnn.network.architecture import Architecture
from charrnn.runs.configuration import resolve


@pytest.mark.parametrize("oracle", ORACLES)
def test_what_would_take_too_long_is_refused_with_the_estimate_and_the_way_to_shrink(oracle):
    case = small_case(Architecture(7, 5, "lstm"), 0)
    refuse_if_long(case, [oracle], None)
    with pytest.raises(
        CheckError,
        match=rf"checking \d+ entries against {oracle} would take about .* 100% of it for {oracle}.*--entries 1[)]",
    ):
        refuse_if_long(case, [oracle], None, longest=0)


def test_forty_layers_are_too_many_for_a_minute():
    with pytest.raises(CheckError, match=r"would take about .*(minutes|hours), .* leave that out"):
        api.gradcheck(resolve(None, ["model.cell=lstm", "model.num_layers=40"]).config)


@pytest.mark.parametrize(("entries", "count"), [(None, 35 + 25 + 5 + 35 + 7 + 15), (6, 6 + 6 + 5 + 6 + 6 + 6), (1, 6)])
def test_of_each_parameter_no_more_entries_are_counted_than_it_has_or_are_asked_for(entries, count):
    """V = 7, H = 5, B = 3: W_xh, W_hh, b_h, W_hy, b_y and the state that came in."""
    with pytest.raises(CheckError, match=rf"checking {count} entries"):
        refuse_if_long(small_case(Architecture(7, 5), 0), ["forward"], entries, longest=0)
