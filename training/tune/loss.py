"""What is minimised."""

from torch import Tensor
from torch.nn import functional


def batch_loss(logits: Tensor, target: Tensor, weight: Tensor, consistency: float) -> Tensor:
    """Return the mean loss of a batch.

    Cross-entropy over every view; and, with two views, ``consistency`` times the divergence of the
    degraded view's verdict from the clean one's, KL(clean || degraded). The clean verdict is the
    teacher: no gradient flows into it, or both views could agree by forgetting what they know.

    Parameters
    ----------
    logits
        float32 [B, V]; of two views the clean one first.
    target, weight
        float32 [B].
    """
    spread = target[:, None].expand_as(logits)
    entropy = functional.binary_cross_entropy_with_logits(logits, spread, reduction="none")
    loss = (entropy.mean(dim=1) * weight).mean()
    if logits.shape[1] == 2 and consistency:
        teacher = logits[:, 0].detach()
        p = teacher.sigmoid()
        gap = p * (functional.logsigmoid(teacher) - functional.logsigmoid(logits[:, 1]))
        gap = gap + (1 - p) * (
            functional.logsigmoid(-teacher) - functional.logsigmoid(-logits[:, 1])
        )
        loss = loss + consistency * (gap * weight).mean()
    return loss
