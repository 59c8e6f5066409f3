"""The train stage: labelled images in, a fitted head (and what it changed in its encoder) out."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime

from detector.training_request import Recipe, Settings
from training.data.catalog import TRAIN
from training.data.prepared import read_prepared
from training.data.split import calibration_sources
from training.dataset import LabelledImage
from training.degrade import JUDGED, LEARNT, Variant
from training.encoder import preprocessing_of
from training.fit import fit
from training.fitting import Learnt, Naming, Setting, features_of, fitted_on, write_fitted
from training.head import RECORD_FILE, HeadRecord
from training.stages.context import StageContext
from training.stages.inputs import asked_encoder, fetch_images, setting_of
from training.stages.model import FOLDER, store_model
from training.stages.select import auc_of
from training.sweep import trial_folder, trial_settings
from training.track.open import open_trackers
from training.track.tracker import Tracker
from training.tuned import calibrated

PLAIN = (Variant.CLEAN, Variant.WEB, Variant.HARD)


def settings_of(context: StageContext) -> Settings:
    """Return the run's settings, or those of the trial at hand."""
    request = context.run.request
    if context.trial is None:
        return request.settings
    return trial_settings(request.settings, request.recipe, request.sweep)[context.trial]


def train(context: StageContext) -> dict[str, str]:
    """Train by the run's recipe and write the model's files; nothing where they are there."""
    if context.output.exists(RECORD_FILE):
        return {"model": f"{context.output.uri}, kept"}
    (prepared, entries), settings = read_prepared(context.files), settings_of(context)
    images = fetch_images(context, prepared, entries, TRAIN)
    encoder = asked_encoder(context)
    spec = preprocessing_of(encoder.config, crops=settings.crops)
    setting = setting_of(context, encoder, spec, prepared.digest)
    run, request = context.run, context.run.request
    trackers = open_trackers(
        context.files
        if context.trial is None
        else context.files.child(trial_folder(context.trial)),
        context.scratch,
        run=run.run,
        detector=run.name,
        config={"recipe": request.recipe.value, "encoder": encoder.name, **settings.model_dump()},
        environ=os.environ,
    )
    summary: dict[str, float] = {}
    try:
        learnt = _learn(context, settings, setting, images, trackers)
        out = context.scratch / FOLDER
        command = f"training run {run.run}, recipe {request.recipe.value}"
        naming = Naming(run.name, run.version, command, datetime.now(UTC))
        data = fitted_on(prepared.name, prepared.digest, images)
        record = write_fitted(out, learnt, data, setting, naming)
        summary = record.metrics
    finally:
        trackers.finish(summary)
    store_model(out, context.output)
    return _said(record, context)


def _said(record: HeadRecord, context: StageContext) -> dict[str, str]:
    return {"model": context.output.uri, "auc on unseen sources": f"{auc_of(record):.3f}"}


def _learn(
    context: StageContext,
    settings: Settings,
    setting: Setting,
    images: tuple[LabelledImage, ...],
    tracker: Tracker,
) -> Learnt:
    recipe = context.run.request.recipe
    learnt = LEARNT if settings.degrade else PLAIN
    if recipe is Recipe.PROBE:
        return _probe(context, settings, setting, images, learnt, tracker)
    held_sources = calibration_sources(images)
    held = tuple(i for i in images if i.source in held_sources)
    learn = tuple(i for i in images if i.source not in held_sources)
    begin = _probe(context, settings, setting, learn, learnt, tracker)
    return _tune(context, settings, setting, begin, (learn, held), tracker)


def _probe(
    context: StageContext,
    settings: Settings,
    setting: Setting,
    images: Sequence[LabelledImage],
    learnt: tuple[Variant, ...],
    tracker: Tracker,
) -> Learnt:
    features = features_of(images, setting, tuple(dict.fromkeys((*learnt, *JUDGED))))
    context.stop.check()
    context.tell("choosing layers and strength by sources left out")
    found = fit(
        features,
        images,
        setting.layers,
        learnt=learnt,
        strengths=settings.strengths,
        tell=context.tell,
    )
    tracker.log(0, {"held/auc": found.auc})
    return Learnt.of(found, images, learnt)


def _tune(
    context: StageContext,
    settings: Settings,
    setting: Setting,
    begin: Learnt,
    images: tuple[tuple[LabelledImage, ...], tuple[LabelledImage, ...]],
    tracker: Tracker,
) -> Learnt:
    # Imported here: torch is needed by these recipes only.
    from training.tune.job import TuneJob
    from training.tune.run import tune

    learn, held = images
    recipe = context.run.request.recipe
    job = TuneJob(
        encoder=setting.encoder,
        spec=setting.spec,
        head=begin.head,
        learn=learn,
        held=held,
        recipe=recipe,
        settings=settings,
        checkpoints=context.checkpoints,
        tracker=tracker,
        stop=context.stop,
        # Not `counting`: the loop looks at the stop flag itself, to write its checkpoint first.
        progress=lambda done, total: context.progress("tuning", done, total),
        tell=context.tell,
    )
    tuned = tune(job)
    return calibrated(begin, tuned.head, tuned.adaptation, tuned.held_logits, held, recipe)
