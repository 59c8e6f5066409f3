from pathlib import Path

import pytest

from batch_inference.instance import instance_type


@pytest.mark.parametrize(
    ("vendor", "product", "expected"),
    [
        ("Amazon EC2", "g6.xlarge\n", "g6.xlarge"),
        ("Amazon EC2", "u-6tb1.112xlarge", "u-6tb1.112xlarge"),
        ("Amazon EC2", "<script>", ""),
        ("QEMU", "g6.xlarge", ""),
    ],
)
def test_ec2_says_what_it_is(tmp_path: Path, vendor: str, product: str, expected: str) -> None:
    (tmp_path / "sys_vendor").write_text(vendor)
    (tmp_path / "product_name").write_text(product)
    assert instance_type(tmp_path) == expected


def test_elsewhere_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert instance_type(tmp_path) == ""
