"""The real ``sam build`` and ``sam deploy``, pointed at the emulator."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from detector.cache import cache_home
from local.errors import SamError
from local.paths import CHECKOUT, StatePaths
from local.sam_output import summarize
from local.session import session
from local.toolchain import Toolchain

ENTRY = Path(__file__).with_name("sam_entry.py")
# What of it is the same on every local stack stands there, beside what is for AWS.
CONFIG = ("--config-file", str(CHECKOUT / "samconfig.toml"), "--config-env", "local")


def deploy_bucket(stack: str) -> str:
    """Name the bucket of the deployment packages. The emulator does not keep its objects."""
    return f"aidetect-deploy-{stack.lower()}"


def _environ(endpoint: str, region: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SAM_", "PYTHONPATH"))}
    return {
        **kept,
        "AIDETECT_SAM_ARCHIVES": str(cache_home() / "sam-archives"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        # Bundles are built for the Python that runs functions here.
        "BUNDLE_TARGET": "here",
        "PYTHON": sys.executable,
        "SAM_CLI_POLL_DELAY": "0.5",
        "SAM_CLI_TELEMETRY": "0",
    }


def _sam(
    step: str, arguments: list[str], tools: Toolchain, paths: StatePaths, environ: dict[str, str]
) -> None:
    done = subprocess.run(
        [str(tools.sam_python), str(ENTRY), step, *arguments],
        check=False,
        env=environ,
        cwd=paths.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with paths.sam_log.open("a", encoding="utf-8") as log:
        log.write(f"== sam {step} {' '.join(arguments)}\n{done.stdout}\n")
    if done.returncode != 0:
        raise SamError(step, f"{summarize(done.stdout)}\nAll of its output is in {paths.sam_log}")


def build(tools: Toolchain, paths: StatePaths, template: Path, region: str, sources: str) -> Path:
    """Build the functions and give the path of the built template.

    A build is kept as long as ``sources``, the fingerprint of what it is made of, is the same.

    Raises
    ------
    SamError
        With everything that ``sam`` printed.
    """
    paths.sam_log.unlink(missing_ok=True)
    built, made_of = paths.build / "template.yaml", paths.build / ".sources"
    if built.is_file() and made_of.is_file() and made_of.read_text("utf-8") == sources:
        return built
    made_of.unlink(missing_ok=True)
    arguments = [
        *("--template", str(template)),
        *("--build-dir", str(paths.build)),
        *CONFIG,
        *("--base-dir", str(template.parent)),
    ]
    _sam("build", arguments, tools, paths, _environ("http://127.0.0.1:1", region))
    made_of.write_text(sources, encoding="utf-8")
    return built


def deploy(
    tools: Toolchain,
    paths: StatePaths,
    built: Path,
    *,
    endpoint: str,
    region: str,
    stack: str,
    parameters: Mapping[str, str],
) -> None:
    """Deploy the built template.

    Raises
    ------
    SamError
        With everything that ``sam`` printed.
    """
    bucket = deploy_bucket(stack)
    s3 = session(region).client("s3", endpoint_url=endpoint)
    s3.create_bucket(Bucket=bucket)
    arguments = [
        *("--template-file", str(built)),
        *("--stack-name", stack),
        *("--s3-bucket", bucket),
        *("--region", region),
        *CONFIG,
    ]
    if parameters:
        pairs = [f"{name}={value}" for name, value in sorted(parameters.items())]
        arguments += ["--parameter-overrides", *pairs]
    _sam("deploy", arguments, tools, paths, _environ(endpoint, region))


def checkout_template() -> Path:
    """Give the template of this checkout."""
    return CHECKOUT / "template.yaml"
