"""The training report as a Jinja template; see :mod:`training.page.training_report`."""

TEMPLATE = """\
{% extends "base.html" %}
{% from "parts.html" import wide, plot, facts, contents, gain, tiles, totals, by_source %}
{% from "parts.html" import matrices, ranking, gallery %}

{% block top %}
<p class="kicker">Training report · run {{ run.run }} · {{ run.created_at[:10] }}</p>
<h1>{{ headline }}</h1>
<p class="lead">{{ made_of }}</p>
<p class="lead"><span class="badge {{ verdict.mood }}">{{ verdict.short }}</span>
{{ verdict.text }}</p>
{{ tiles(first) }}
{% if warnings %}
<ul class="warnings" aria-label="Warnings about the data">
{% for warning in warnings %}<li><strong>Data:</strong> {{ warning }}</li>
{% endfor %}</ul>
{% endif %}
{{ contents(links) }}
{% endblock %}

{% block content %}
<section id="accuracy" aria-labelledby="accuracy-h">
<h2 id="accuracy-h">How often is it right?</h2>
<p>{{ report.method }} Verdicts by one fixed threshold: <strong>ai</strong> from
{{ report.decision.threshold }}, <strong>unsure</strong> from {{ report.decision.unsure_from }}.
Each source has the same say; small figures are 95% bootstrap intervals.</p>
{{ totals(report.variants, "By how the images arrive") }}
{{ plot(sources_plot, "Every source of the test, images as found"
   ~ (", the worst of each class" if sources_cut else "") ~ ". Dots: share of right verdicts;
   bars: 95% intervals.") }}
{{ by_source(source_tables, report.variants) }}
</section>

<section id="champion" aria-labelledby="champion-h">
<h2 id="champion-h">Against the champion</h2>
{% if not differences %}<p>{{ verdict.text }}</p>{% else %}
{% call wide("Challenger against champion") %}
<table><caption>Right verdicts, mean over the sources that both can be judged on</caption>
<thead><tr><th scope="col">images</th><th scope="col">class</th><th scope="col">sources</th>
<th scope="col">challenger</th><th scope="col">champion</th><th scope="col">points</th></tr></thead>
<tbody>{% for d in differences %}
<tr><th scope="row">{{ variant_name(d.variant) }}</th>
<td><span class="{{ d.label }}">{{ d.label }}</span></td>
<td>{{ d.sources }}</td><td>{{ percent(d.challenger) }}</td><td>{{ percent(d.champion) }}</td>
<td>{{ gain(d.gain) }}</td></tr>
{% endfor %}</tbody></table>
{% endcall %}
<details><summary>Source by source</summary>
{% call wide("Challenger against champion by source") %}
<table><caption>Measured: the champion was run now on a source it never learnt from. Recorded: its
figure is from when it was fitted, by a head that had not seen the source.</caption>
<thead><tr><th scope="col">source</th><th scope="col">class</th><th scope="col">images</th>
<th scope="col">n</th><th scope="col">challenger</th><th scope="col">champion</th>
<th scope="col">points</th><th scope="col">basis</th></tr></thead><tbody>
{% for r in comparison.rows %}
<tr><th scope="row">{{ r.source }}</th><td><span class="{{ r.label }}">{{ r.label }}</span></td>
<td>{{ r.variant }}</td><td>{{ r.images }}</td><td>{{ percent(r.challenger_right) }}</td>
<td>{{ percent(r.champion_right) }}</td><td>{{ gain(r.challenger_right - r.champion_right) }}</td>
<td>{{ r.basis }}</td></tr>
{% endfor %}</tbody></table>
{% endcall %}</details>
{% endif %}
{% if left_out %}
<p class="note">Left out, since the champion has no fair figure for them: {{ left_out }}.</p>
{% endif %}
<p class="note">Whether it takes the champion&rsquo;s place is the gate&rsquo;s decision, by its
own rules; this page only shows the numbers.</p>
</section>

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
<div><h3>Is a probability to be believed?</h3>
{{ plot(reliability_plot, "Images as found, in bins of equal weight. On the dotted line, 70% means
that 7 of 10 are AI.") }}</div>
</div>
{{ ranking(rankings) }}
</section>

<section id="mistakes" aria-labelledby="mistakes-h">
<h2 id="mistakes-h">Where it errs</h2>
{% if mistakes %}
{{ gallery(mistakes) }}
{% else %}<p>No real photograph was called ai, and no AI image real, as far as was looked.</p>
{% endif %}
</section>

{% if courses %}
<section id="course" aria-labelledby="course-h">
<h2 id="course-h">How it learnt</h2>
<div class="pair">
{% for title, svg in courses %}<div><h3>{{ title }}</h3>{{ plot(svg) }}</div>
{% endfor %}</div>
</section>
{% endif %}

<section id="made" aria-labelledby="made-h">
<h2 id="made-h">How it was made</h2>
<div class="pair">
<div><h3>Run</h3>{{ facts(run_facts) }}</div>
<div><h3>Settings</h3>{{ facts(settings) }}</div>
</div>
{% if last_numbers %}<details><summary>Last numbers of training</summary>
{{ facts(last_numbers) }}</details>{% endif %}
</section>
<footer>This page is one file; it asks nothing of the network. A verdict is evidence, not
proof.</footer>
{% endblock %}
"""
