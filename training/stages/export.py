"""The export stage: the trained detector as a package of graphs, proven and released."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import onnxruntime as ort

from batch_inference.cpus import available_cpus
from detector.evaluation import Report
from detector.layout import MODELS_PREFIX
from detector.package import DESCRIPTION_FILE, DetectorPackage, check_file
from detector.plan import DetectorRef
from detector.training_run import Exported
from training.data.audit import Audit
from training.data.catalog import TEST, CatalogEntry
from training.data.prepared import AUDIT_FILE, read_prepared
from training.drift import enough, make_reference
from training.drift_images import choose, look, observed
from training.embedded import parts_of
from training.fitting import flat_metrics
from training.head import CARD_FILE, DETAILS_FILE, HeadRecord
from training.package import add_reference, build_package
from training.parity import ParityError, measure
from training.registry import RegistryError, publish
from training.release_card import render_release_card
from training.saturation import processor_saturates
from training.stages.context import StageContext, StageError, counting
from training.stages.inputs import fetch_images, recorded_encoder
from training.stages.model import FOLDER, fetch_model, tuned_encoder
from training.stages.select import read_trials
from training.storage import S3Storage, Storage
from training.sweep import trial_settings

# In the record of parity, where the 8-bit graph has two digits for all tokens.
FINE = "int8.fine"
EXPORTED, EVALUATION = "exported.json", "evaluation.json"
# Images that parity is shown on, and the most tars that they are fetched for.
IMAGES, SHARDS = 64, 4


def export(context: StageContext) -> dict[str, str]:
    """Build, prove and publish the run's detector; nothing where that was done.

    Raises
    ------
    StageError
        If the run was not evaluated, or has no test images.
    training.parity.ParityError
        If a graph does not say what the trained model says.
    training.registry.RegistryError
        If other content was published under this version.
    """
    if context.files.exists(EXPORTED):
        return _said(Exported.parse(context.files.read(EXPORTED), where=EXPORTED))
    record, head, adaptation = fetch_model(context)
    encoder = recorded_encoder(context, record.encoder)
    context.stop.check()
    test = _evaluation(context)
    _none, held_out = parts_of(context.scratch / FOLDER, record)
    folder = context.scratch / "package"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD_FILE).write_text(_card(context, record, test, held_out), encoding="utf-8")
    record = record.model_copy(update={"metrics": {**record.metrics, **_test_metrics(test)}})
    write = partial(
        build_package,
        folder,
        record,
        head,
        encoder,
        adaptation=adaptation,
        evaluation=held_out,
        test=context.files.read(EVALUATION),
        details=_details(context),
    )
    prepared, entries = read_prepared(context.files)
    images = fetch_images(context, prepared, choose_images(entries), TEST)
    tuned = tuned_encoder(encoder, adaptation)

    def prove() -> dict[str, float]:
        context.stop.check()
        with counting(context, "comparing graphs") as count:
            return measure(folder, tuned, head, images, threads=available_cpus(), count=count)

    context.tell("writing the graphs: float32, float16, 8-bit")
    if fine := processor_saturates():
        # It would run, and so be proven, in two digits whatever it has.
        context.tell(
            "8-bit products saturate on this processor, so the faster 8-bit graph cannot be proven "
            "here; writing the finer one"
        )
    package = write(fine=fine)
    try:
        parity = prove()
    except ParityError as error:
        if fine or not error.only_int8:
            raise
        fine = True
        context.tell(f"{error}. Writing the 8-bit graph finer, which is slower")
        package = write(fine=fine)
        parity = prove()
    if fine:
        parity[FINE] = 1.0
    package = _with_reference(context, folder, package, record.version, entries)
    exported = Exported(detector=_publish(context, folder, package), parity=parity)
    context.files.write(EXPORTED, exported.dumps().encode(), content_type="application/json")
    return _said(exported)


def choose_images(entries: Sequence[CatalogEntry]) -> tuple[CatalogEntry, ...]:
    """Return a fixed choice of the test's images, from few tars.

    Raises
    ------
    StageError
        If there is none to choose from.
    """
    tests = [entry for entry in entries if entry.split == TEST]
    if not tests:
        raise StageError("the run has no test images to show parity on; prepare it again")
    shards = sorted({entry.shard for entry in tests})
    step = max(1, len(shards) // SHARDS)
    near = set(shards[::step][:SHARDS])
    # By hash, so that every source has its share.
    mine = sorted((e for e in tests if e.shard in near), key=lambda e: e.sha256)
    return tuple(mine[:IMAGES])


def _with_reference(
    context: StageContext,
    folder: Path,
    package: DetectorPackage,
    version: str,
    entries: Sequence[CatalogEntry],
) -> DetectorPackage:
    """Add what drift is told by, made of the test's images; nothing where they are too few."""
    prepared, _ = read_prepared(context.files)
    tests = [entry for entry in entries if entry.split == TEST]
    if not enough([(entry.label.value, entry.source) for entry in tests]):
        context.tell("too few test images for a drift reference; drift will not be watched")
        return package
    images = choose(fetch_images(context, prepared, tests, TEST))
    with counting(context, "looking at images for the drift reference") as count:
        log_odds, seen = look(folder, images, count)
    data = f"{len(images)} test images of {prepared.name}, as found and as the web passes them on"
    reference = make_reference(observed(images, log_odds, seen), data)
    if reference is None:
        return package
    return add_reference(folder, package, version, reference)


def _evaluation(context: StageContext) -> Report:
    if not context.files.exists(EVALUATION):
        raise StageError(f"{context.files.uri} has no {EVALUATION}; run the evaluate stage first")
    return Report.parse(context.files.read(EVALUATION), where=EVALUATION)


def _details(context: StageContext) -> bytes | None:
    """Return the curves of the test; a run that an older version evaluated may have none."""
    return context.files.read(DETAILS_FILE) if context.files.exists(DETAILS_FILE) else None


def _test_metrics(report: Report) -> dict[str, float]:
    """Return the evaluation's totals as flat numbers, named ``test.…``."""
    found = flat_metrics(report)
    return {name.replace("held_out.", "test.", 1): value for name, value in found.items()}


def _card(context: StageContext, record: HeadRecord, test: Report, held_out: bytes | None) -> str:
    name = f"prepared/{AUDIT_FILE}"
    audit = None
    if context.files.exists(name):
        audit = Audit.parse(context.files.read(name), where=name)
    return render_release_card(
        record,
        test,
        held_out=Report.parse(held_out, where=EVALUATION) if held_out else None,
        audit=audit,
        levers=_levers(context),
    )


def _levers(context: StageContext) -> dict[str, Any]:
    """Return the settings that differ from their defaults, of the chosen trial in a search."""
    request = context.run.request
    settings = request.settings
    if request.sweep and (trials := read_trials(context)):
        planned = trial_settings(settings, request.recipe, request.sweep)
        settings = planned[trials[0].number]
    return settings.model_dump(exclude_defaults=True)


def _publish(context: StageContext, folder: Path, package: DetectorPackage) -> DetectorRef:
    context.tell(f"publishing {package.name}@{package.version}")
    if isinstance(context.models, S3Storage):
        return publish(folder, s3=context.models.s3, bucket=context.models.root.bucket)
    return publish_to(context.models, folder, package, context.run.models_bucket)


def publish_to(models: Storage, folder: Path, package: DetectorPackage, bucket: str) -> DetectorRef:
    """Publish a package where the models bucket is a folder; as :func:`registry.publish` does.

    Raises
    ------
    RegistryError
        If other content was published under this version.
    """
    ref = DetectorRef(bucket=bucket, name=package.name, version=package.version)
    target = models.child(f"{MODELS_PREFIX}{ref.name}/{ref.version}")
    description = (folder / DESCRIPTION_FILE).read_bytes()
    if target.exists(DESCRIPTION_FILE):
        if target.read(DESCRIPTION_FILE) != description:
            raise RegistryError(f"{ref} was published before with other content; it never changes")
        return ref
    for file in package.files:
        target.upload(file.file, check_file(folder, file))
    target.write(DESCRIPTION_FILE, description)
    return ref


def _said(exported: Exported) -> dict[str, str]:
    parity = exported.parity
    reference = "torch" if parity.get("reference.torch") else "the float32 graph (no torch here)"
    return {
        "detector": str(exported.detector),
        "reference": reference,
        "onnxruntime": ort.__version__,
        "agreement": f"fp16 {parity['fp16.agreement']:.3f}, int8 {parity['int8.agreement']:.3f}",
    }
