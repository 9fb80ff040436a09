"""The seam's own cost, which the bench takes off."""

from emulator.calibration import SeamCost, measure_seam


def test_the_seam_costs_something_and_requests_more_than_outputs() -> None:
    cost = measure_seam()
    assert 0 < cost.output_loops < cost.request_loops < 1


def test_costs_add_up() -> None:
    assert SeamCost(request_loops=10.0, output_loops=1.0).of(requests=3, outputs=4) == 34.0
