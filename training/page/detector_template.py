"""The page of a detector as a Jinja template; see :mod:`training.page.detector_page`."""

TEMPLATE = """\
{% extends "base.html" %}
{% from "parts.html" import wide, plot, facts, contents, tiles, totals, by_source, share %}
{% from "parts.html" import matrices, ranking, gallery, broad %}

{% block top %}
<p class="kicker">Detector · made {{ package.created_at[:10] }} · recipe {{ package.recipe.value }}
{% if champion %}<span class="badge good">champion</span>{% endif %}</p>
<h1>{{ package.name }} <span class="muted">{{ package.version }}</span></h1>
{% if report %}
<p class="lead">{{ headline }}, {{ "on data of your own" if own else "on sources it never saw" }}.
It is {{ recipe }}: {{ package.encoder.name }}.</p>
{{ tiles(first) }}
{% else %}<p class="lead">It is {{ recipe }}: {{ package.encoder.name }}.</p>
{% endif %}
{% if lacking %}
<ul class="warnings" aria-label="What this page cannot show">
{% for sentence in lacking %}<li>{{ sentence }}</li>
{% endfor %}</ul>
{% endif %}
{{ contents(links) }}
{% endblock %}

{% block content %}
{% if report %}
<section id="accuracy" aria-labelledby="accuracy-h">
<h2 id="accuracy-h">How often is it right?</h2>
<p>{{ report.method }} {{ "{:,}".format(report.images) }} images. Verdicts by one fixed threshold:
<strong>ai</strong> from {{ report.decision.threshold }}, <strong>unsure</strong> from
{{ report.decision.unsure_from }}. Each source has the same say; small figures are 95% bootstrap
intervals.</p>
{{ totals(report.variants, "By how the images arrive") }}
{{ plot(sources_plot, "By source, images as found"
   ~ (", the worst of each class" if sources_cut else "") ~ ". Dots: share of right verdicts;
   bars: 95% intervals.") }}
{{ by_source(source_tables, report.variants) }}
{% if generators %}
<details><summary>AI images by what made them: {{ generators|length }} generators</summary>
{% call wide("AI images by generator") %}
<table><caption>Share called ai, worst first; as the data names them</caption>
<thead><tr><th scope="col">generator</th><th scope="col">images</th>
{% for v in report.variants %}<th scope="col">{{ v.variant }}</th>{% endfor %}</tr></thead><tbody>
{% for row in generators %}
<tr><th scope="row">{{ row[0].generator }}</th><td>{{ row[0].images }}</td>
{% for g in row %}<td>{{ share(g.right) }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table>
{% endcall %}</details>
{% endif %}
</section>

{% if report.ladder %}
<section id="ladder" aria-labelledby="ladder-h">
<h2 id="ladder-h">What does it stand?</h2>
<p>The same {{ "{:,}".format(report.ladder.images) }} images (at most
{{ report.ladder.per_group }} of each class of each source) under one degradation after the other,
at the same threshold. They are fewer than above, so the intervals are wider.</p>
{{ broad(ladder_plot, "Figure of the ladder", "Dots and 95% intervals; dotted
lines are these images as found.") }}
<details><summary>The ladder as a table</summary>
{{ totals(report.ladder.rungs, "Under every degradation") }}</details>
</section>
{% endif %}

{% if details %}
<section id="verdicts" aria-labelledby="verdicts-h">
<h2 id="verdicts-h">What it says, and how sure it is</h2>
<div class="pair">
<div><h3>Verdicts by class</h3>
{{ matrices(details.variants) }}</div>
<div><h3>Probabilities</h3>
{{ plot(scores_plot, "Images as found. Above the line real photographs, below it AI images; the
dashed lines are the verdict bands.") }}</div>
<div><h3>ROC</h3>
{{ plot(roc_plot, "Every threshold: the more AI images are recognised, the more real photographs are
accused.") }}</div>
<div><h3>Precision and recall</h3>
{{ plot(pr_plot, "As if both classes were equally frequent. Where AI images are rare, an ai verdict
is right less often than here.") }}</div>
<div><h3>Is a probability to be believed?</h3>
{{ plot(reliability_plot, "Images as found, in bins of equal weight. On the dotted line, 70% means
that 7 of 10 are AI.") }}</div>
</div>
{% if rankings %}{{ ranking(rankings) }}{% endif %}
</section>
{% endif %}

<section id="errs" aria-labelledby="errs-h">
<h2 id="errs-h">Where it errs</h2>
{% if abstentions %}
{% call wide("What unsure is worth") %}
<table><caption>What <em>unsure</em> is worth: mistakes spared, answers given up</caption>
<thead><tr><th scope="col">images</th><th scope="col">wrong, if all were answered</th>
<th scope="col">wrong, of those answered</th><th scope="col">error</th>
<th scope="col">left unanswered</th></tr></thead><tbody>
{% for variant, a in abstentions %}
<tr><th scope="row">{{ variant_name(variant) }}</th><td>{{ percent(a.error_if_all) }}</td>
<td>{{ percent(a.error) }}</td>
<td class="{{ mood(a.error_if_all - a.error) }}">{{ points(a.error - a.error_if_all) }} points</td>
<td>{{ percent(1 - a.coverage) }}</td></tr>
{% endfor %}</tbody></table>
{% endcall %}
<p class="note">If all were answered, everything below the threshold would be called real.</p>
{% endif %}
<div class="pair">
{% for title, rows, verdict in (("Real photographs called ai", accused, "ai"),
                                ("AI images called real", missed, "real")) %}
<div><h3>{{ title }}</h3>
{% if rows %}
{% call wide(title) %}
<table><caption>Images as found, the sources where it happens most</caption>
<thead><tr><th scope="col">source</th><th scope="col">of</th><th scope="col">called
{{ verdict }}</th><th scope="col">share</th></tr></thead><tbody>
{% for e in rows %}
<tr><th scope="row">{{ e.source }}</th><td>{{ e.images }}</td><td>{{ e.wrong }}</td>
<td>{{ percent(e.share) }}</td></tr>
{% endfor %}</tbody></table>
{% endcall %}
{% else %}<p>None, as far as was looked.</p>{% endif %}</div>
{% endfor %}
</div>
{{ gallery(mistakes) }}
{% if not own %}<p class="note">A package holds no image that the detector learnt from or was
judged on. Judge it on images of your own to see which ones it gets wrong:
<code>make evaluate DATA=folder DETECTOR={{ package.name }}@{{ package.version }}</code></p>
{% endif %}
</section>
{% endif %}

<section id="card" aria-labelledby="card-h">
<h2 id="card-h">Model card</h2>
<div class="prose">{{ card }}</div>
</section>

{% if limits %}
<section id="limits" aria-labelledby="limits-h">
<h2 id="limits-h">Known limits</h2>
<div class="prose">{{ limits }}</div>
</section>
{% endif %}

<section id="made" aria-labelledby="made-h">
<h2 id="made-h">How it was made</h2>
{{ facts(made) }}
{% if learnt %}
<details><summary>Sources that it learnt from: {{ learnt|length }}</summary>
<ul>{% for source in learnt %}<li>{{ source }}</li>
{% endfor %}</ul></details>
{% endif %}
<details><summary>Files of the package, with their SHA-256</summary>
{% call wide("Files of the package") %}
<table><thead><tr><th scope="col">file</th><th scope="col">size</th>
<th scope="col">SHA-256</th></tr></thead><tbody>
{% for name, size, sha256 in files %}
<tr><th scope="row">{{ name }}</th><td>{{ size }}</td><td><code>{{ sha256 }}</code></td></tr>
{% endfor %}</tbody></table>
{% endcall %}</details>
</section>
<footer>This page is one file; it asks nothing of the network. A verdict is evidence, not
proof.</footer>
{% endblock %}
"""
