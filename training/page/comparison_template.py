"""The page of two detectors as a Jinja template; see :mod:`training.page.comparison_page`."""

TEMPLATE = """\
{% extends "base.html" %}
{% from "parts.html" import wide, contents, share, number, broad %}
{% macro way(p) %}<td class="arrow"><span class="{{ mood(p.gain) }}">{{ arrow(p.gain) }}
{{ points(p.gain) }}</span></td>{% endmacro %}
{% macro change(p) %}{% if p.what == "AUC" %}<td class="arrow"><span
class="{{ mood(p.gain) }}">{{ arrow(p.gain) }} {{ "%+.2f"|format(p.gain) }}</span></td>
{% else %}{{ way(p) }}{% endif %}{% endmacro %}
{% macro chance(p) %}<td>{% if p.overlap %}<span class="muted">overlap</span>{% else
 %}<span class="clear">apart</span>{% endif %}</td>{% endmacro %}
{% macro both(pairs, caption) %}{% call wide(caption) %}
<table><caption>{{ caption }}</caption>
<thead><tr><th scope="col">images</th><th scope="col" class="text">figure</th>
<th scope="col">{{ found.first }}</th><th scope="col">{{ found.second }}</th>
<th scope="col">points</th>
<th scope="col">intervals</th></tr></thead><tbody>
{% for p in pairs %}
<tr><th scope="row">{{ variant_name(p.variant) }}</th><td class="text">{{ p.what }}</td>
{% if p.what == "AUC" %}<td>{{ number(p.first) }}</td><td>{{ number(p.second) }}</td>
{% else %}<td>{{ share(p.first) }}</td><td>{{ share(p.second) }}</td>{% endif %}
{{ change(p) }}{{ chance(p) }}</tr>
{% endfor %}</tbody></table>
{% endcall %}{% endmacro %}

{% block top %}
<p class="kicker">Two detectors side by side</p>
<h1>{{ found.second }} <span class="muted">beside {{ found.first }}</span></h1>
<p class="lead"><span class="{{ feeling }}">{{ text }}</span></p>
{% if found.fairness %}
<ul class="warnings" aria-label="What keeps the comparison from being fair">
{% for sentence in found.fairness %}<li>{{ sentence }}</li>
{% endfor %}</ul>
{% endif %}
{{ contents(links) }}
{% endblock %}

{% block content %}
<section id="headline" aria-labelledby="headline-h">
<h2 id="headline-h">Headline</h2>
{% if found.shared %}
<p>Means over the sources that both have figures for, of as many images. Intervals that overlap
leave room for chance; that they are apart does not make a difference large.</p>
{{ both(found.shared, "On the sources they share") }}
{% else %}<p>{{ text }}</p>{% endif %}
{% if found.left_out %}
<p class="note">Only one of them has a figure for: {{ found.left_out|join(", ") }}.</p>
{% endif %}
{% if found.whole %}
<details><summary>Each on all of its own sources{{ "" if found.same_images
 else ", which are not the same" }}</summary>
{{ both(found.whole, "As each was judged") }}</details>
{% endif %}
</section>

{% if found.sources %}
<section id="sources" aria-labelledby="sources-h">
<h2 id="sources-h">Source by source</h2>
{% for title, rows in sources if rows %}
{% call wide(title ~ " by source") %}
<table><caption>{{ title }}: right verdicts, {{ found.first }} → {{ found.second }}</caption>
<thead><tr><th scope="col">source</th><th scope="col">images</th>
{% for v in variants %}<th scope="col">{{ v }}</th><th scope="col">points</th>{% endfor %}
</tr></thead><tbody>
{% for row in rows %}
<tr><th scope="row">{{ row[0].source }}</th><td>{{ row[0].images }}</td>
{% for p in row %}<td>{{ percent(p.first.value) }} → {{ percent(p.second.value) }}</td>
{{ way(p) }}{% endfor %}</tr>
{% endfor %}</tbody></table>
{% endcall %}
{% endfor %}
</section>
{% endif %}

{% if found.ladder %}
<section id="ladder" aria-labelledby="ladder-h">
<h2 id="ladder-h">Under degradations</h2>
{% if not found.same_ladder %}
<p>They went up the ladder with different images: compare how each falls, not where it stands.</p>
{% endif %}
{{ broad(ladder_plot, "Figure of both ladders", "Rings: the first; full dots: the second; bars: 95%
intervals.") }}
<details><summary>Both ladders as a table</summary>
{{ both(found.ladder, "Under every degradation") }}</details>
</section>
{% endif %}

<section id="differences" aria-labelledby="differences-h">
<h2 id="differences-h">What they are</h2>
{% call wide("What the detectors are") %}
<table class="facts"><thead><tr><th scope="col">what</th><th scope="col" class="text">
{{ found.first }}</th><th scope="col" class="text">{{ found.second }}</th></tr></thead><tbody>
{% for f in found.facts %}
<tr><th scope="row">{{ f.name }}</th><td>{{ f.first }}</td>
<td>{% if f.differs %}<strong>{{ f.second }}</strong>{% else %}<span class="muted">same</span>
{% endif %}</td></tr>
{% endfor %}</tbody></table>
{% endcall %}
</section>
<footer>To put the second to use: <code>aidetect promote {{ found.second }}</code>. This page is one
file; it asks nothing of the network.</footer>
{% endblock %}
"""
