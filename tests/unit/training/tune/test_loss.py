"""What is minimised, held to its definition."""

import pytest
import torch

from training.tune.loss import batch_loss

TARGET, WEIGHT = torch.tensor([1.0, 0.0]), torch.tensor([1.5, 0.5])


def test_one_view_is_weighed_cross_entropy() -> None:
    logits = torch.tensor([[0.7], [-0.3]])
    p = logits[:, 0].double().sigmoid()
    expected = (-1.5 * p[0].log() - 0.5 * (1 - p[1]).log()) / 2
    assert float(batch_loss(logits, TARGET, WEIGHT, 0.0)) == pytest.approx(float(expected))


def test_consistency_adds_the_divergence_from_the_clean_view() -> None:
    logits = torch.tensor([[0.7, -1.0], [0.2, 0.9]])
    p, q = logits.double().sigmoid().unbind(1)
    divergence = p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()
    expected = 2.0 * float((divergence * WEIGHT).mean())
    plain, both = (float(batch_loss(logits, TARGET, WEIGHT, c)) for c in (0.0, 2.0))
    assert both - plain == pytest.approx(expected, rel=1e-5)


def test_views_that_agree_cost_nothing_more() -> None:
    logits = torch.tensor([[0.7, 0.7], [-40.0, -40.0]])
    plain, both = (float(batch_loss(logits, TARGET, WEIGHT, c)) for c in (0.0, 5.0))
    assert both == plain


def test_the_clean_view_teaches() -> None:
    logits = torch.tensor([[2.0, -2.0]], requires_grad=True)
    one = torch.ones(1)
    with_it, without = (
        torch.autograd.grad(batch_loss(logits, one, one, c), logits)[0] for c in (1.0, 0.0)
    )
    change = with_it - without
    assert float(change[0, 0]) == 0.0
    assert float(change[0, 1]) < 0.0
