"""What goes into each bundle, and what of it a function never uses."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, unzipped.
LAMBDA_LIMIT_BYTES = 262_144_000

# The AWS services whose definitions botocore needs here; all of them weigh 28 MB.
AWS_SERVICES = ("batch", "s3", "sns", "ssm", "sts", "stepfunctions")

PRUNE_COMMON = (
    "bin",
    "**/__pycache__",
    "**/*.pyi",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.pxi",
    "**/*.h",
    "**/*.hpp",
    "**/*.a",
    "boto3/examples",
    # Only RECORD and the like are dropped: some packages read their own version from METADATA.
    "*.dist-info/RECORD",
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json",
    "*.dist-info/sboms",
)

# What c2pa-python asks for but imports only to install itself, or in its examples; checking a
# manifest takes the native library alone.
UNUSED = (
    "_cffi_backend.*",
    "certifi",
    "cffi",
    "charset_normalizer",
    "cryptography",
    "idna",
    "pycparser",
    "requests",
    "toml",
)

PRUNE_SCORER = (
    "aws_lambda_powertools/event_handler/openapi/swagger_ui",
    "c2pa/build.py",
    # For Rust programs that link to it.
    "c2pa/libs/*.rlib",
    "c2pa/libs/*.d",
    "numpy/**/tests",
    "numpy/distutils",
    "numpy/f2py",
    "numpy/_core/include",
    "numpy/_core/lib",
    # Only numpy's own tests load it.
    "numpy/_core/_simd.*",
    # Text is not drawn.
    "PIL/_imagingft.*",
    "pillow.libs/libbrotli*",
    "pillow.libs/libfreetype-*",
    "pillow.libs/libharfbuzz-*",
    # The Python module holds the whole runtime; this copy of it is for C++ programs.
    "onnxruntime/capi/libonnxruntime.so.*",
    "onnxruntime/backend",
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "onnxruntime/ThirdPartyNotices.txt",
    # Parquet needs less than is kept, but libarrow_python links to dataset, acero and substrait.
    "pyarrow/include",
    "pyarrow/includes",
    "pyarrow/src",
    "pyarrow/tests",
    "pyarrow/interchange",
    "pyarrow/libarrow_flight.*",
    "pyarrow/libarrow_python_flight.*",
    "pyarrow/libarrow_s3.*",
    "pyarrow/_flight.*",
    "pyarrow/_s3fs.*",
    "pyarrow/_substrait.*",
    "pyarrow/_dataset_orc.*",
    "pyarrow/_gcsfs.*",
    "pyarrow/_azurefs.*",
    "pyarrow/_hdfs.*",
    "pyarrow/_orc.*",
    "pyarrow/_pyarrow_cpp_tests.*",
    *(pattern for name in UNUSED for pattern in (name, f"{name}-*.dist-info")),
)


@dataclass(frozen=True)
class Recipe:
    """A bundle: which pinned packages, which of our packages, which files are left out."""

    name: str
    sources: tuple[str, ...]
    prune: tuple[str, ...]

    @property
    def requirements(self) -> Path:
        """The pinned packages, with hashes."""
        return ROOT / "functions" / "requirements" / f"{self.name}.txt"


RECIPES = {
    "light": Recipe("light", ("detector", "functions"), PRUNE_COMMON),
    "scorer": Recipe(
        "scorer", ("batch_inference", "detector", "functions"), (*PRUNE_COMMON, *PRUNE_SCORER)
    ),
}

# Of our own folders, what no function imports.
LEFT_OUT = ("bundle", "requirements", "__pycache__")
