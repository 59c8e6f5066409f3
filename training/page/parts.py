"""What several pages are made of, as Jinja macros: ``{% from "parts.html" import … %}``.

A table that may be wider than a phone scrolls in a region that the keyboard reaches.
"""

PARTS = """\
{% macro wide(label) %}<div class="scroll" role="region" tabindex="0" aria-label="{{ label }}">
{{ caller() }}</div>{% endmacro %}

{% macro plot(svg, caption="") %}<figure>{{ svg }}
{% if caption %}<figcaption>{{ caption }}</figcaption>{% endif %}</figure>{% endmacro %}

{% macro broad(svg, label, caption="") %}
<div class="scroll figure" role="region" tabindex="0" aria-label="{{ label }}">
<figure>{{ svg }}</figure></div>
{% if caption %}<p class="note">{{ caption }}</p>{% endif %}{% endmacro %}

{% macro facts(pairs) %}<table class="facts"><tbody>
{% for name, value in pairs %}<tr><th scope="row">{{ name }}</th><td>{{ value }}</td></tr>
{% endfor %}</tbody></table>{% endmacro %}

{% macro contents(links) %}<nav aria-label="Contents"><ul>
{% for anchor, text in links %}<li><a href="#{{ anchor }}">{{ text }}</a></li>
{% endfor %}</ul></nav>{% endmacro %}

{% macro share(e) %}{{ percent(e.value) }} <small>{{ interval(e) }}</small>{% endmacro %}

{% macro number(e) %}{{ "%.2f"|format(e.value) }}
<small>{{ "%.2f"|format(e.low) }}&ndash;{{ "%.2f"|format(e.high) }}</small>{% endmacro %}

{% macro gain(value) %}<span class="{{ mood(value) }}">{{ points(value) }}</span>{% endmacro %}

{% macro tiles(first) %}<dl class="tiles">
<div class="tile"><dt>Real photographs not called <span class="ai">ai</span></dt>
<dd>{{ percent(first.real_right.value) }} <small>{{ interval(first.real_right) }}</small></dd></div>
<div class="tile"><dt>AI images called <span class="ai">ai</span></dt>
<dd>{{ percent(first.ai_right.value) }} <small>{{ interval(first.ai_right) }}</small></dd></div>
<div class="tile"><dt>Left without an answer</dt>
<dd>{{ percent(first.unsure) }} <small>called unsure</small></dd></div>
<div class="tile"><dt>AUC</dt><dd>{{ "%.3f"|format(first.auc.value) }}
<small>{{ "%.3f"|format(first.auc.low) }}&ndash;{{
 "%.3f"|format(first.auc.high) }}</small></dd></div>
</dl>{% endmacro %}

{% macro totals(variants, caption) %}{% call wide(caption) %}
<table><caption>{{ caption }}</caption>
<thead><tr><th scope="col">images</th><th scope="col">real not called ai</th>
<th scope="col">AI called ai</th><th scope="col">AI called real</th><th scope="col">unsure</th>
<th scope="col">AUC</th></tr></thead><tbody>
{% for v in variants %}
<tr><th scope="row">{{ variant_name(v.variant) }}</th><td>{{ share(v.real_right) }}</td>
<td>{{ share(v.ai_right) }}</td><td>{{ percent(v.ai_called_real) }}</td>
<td>{{ percent(v.unsure) }}</td><td>{{ number(v.auc) }}</td></tr>
{% endfor %}</tbody></table>
{% endcall %}{% endmacro %}

{% macro by_source(tables, variants) %}{% for label, title, rows in tables %}
<details><summary>{{ title }}: {{ rows|length }} sources as a table</summary>
{% call wide(title ~ " by source") %}
<table><caption>{{ title }}: share
{{ "not called ai" if label == "real" else "called ai" }}, worst first</caption>
<thead><tr><th scope="col">source</th><th scope="col">images</th>
{% for v in variants %}<th scope="col">{{ v.variant }}</th>{% endfor %}</tr></thead><tbody>
{% for row in rows %}
<tr><th scope="row">{{ row[0].source }}</th><td>{{ row[0].images }}</td>
{% for s in row %}<td>{{ share(s.right) }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table>
{% endcall %}</details>
{% endfor %}{% endmacro %}

{% macro matrices(variants) %}{% for v in variants %}
{% call wide("Verdicts, images " ~ variant_name(v.variant)) %}
<table class="matrix"><caption>Images {{ variant_name(v.variant) }}</caption>
<thead><tr><td></td><th scope="col">called real</th><th scope="col">unsure</th>
<th scope="col">called ai</th></tr></thead><tbody>
{% for name, row, hues in (("real photographs", v.confusion_real, ("good", "unsure", "bad")),
                           ("AI images", v.confusion_ai, ("bad", "unsure", "good"))) %}
<tr><th scope="row">{{ name }}</th>
<td class="{{ heat(hues[0], row.real) }}">{{ percent(row.real) }}</td>
<td class="{{ heat(hues[1], row.unsure) }}">{{ percent(row.unsure) }}</td>
<td class="{{ heat(hues[2], row.ai) }}">{{ percent(row.ai) }}</td></tr>
{% endfor %}</tbody></table>
{% endcall %}
{% endfor %}{% endmacro %}

{% macro ranking(rows) %}{% call wide("Ranking and calibration") %}
<table><caption>Ranking and calibration</caption>
<thead><tr><th scope="col">images</th><th scope="col">average precision</th>
<th scope="col">AI recognised at 1% accused</th><th scope="col">at 5% accused</th>
<th scope="col">calibration error (ECE)</th></tr></thead><tbody>
{% for variant, r in rows %}
<tr><th scope="row">{{ variant_name(variant) }}</th>
<td>{{ "%.3f"|format(r.average_precision) }}</td><td>{{ percent(r.tpr_at_1_fpr) }}</td>
<td>{{ percent(r.tpr_at_5_fpr) }}</td><td>{{ "%.3f"|format(r.ece) }}</td></tr>
{% endfor %}</tbody></table>
{% endcall %}{% endmacro %}

{% macro gallery(groups) %}{% for title, group in groups if group %}
<h3>{{ title }}</h3>
<p class="note">The worst of them, with the probability of AI they were given.</p>
<ul class="gallery">
{% for m in group %}
<li><img src="{{ image_uri(m.thumbnail) }}" width="160" height="160" loading="lazy"
alt="{{ m.label.value }} image {{ m.name }}">
<p><strong>{{ "%.2f"|format(m.probability) }}</strong>
<span title="{{ m.source }}">{{ m.source }}</span>
<span class="muted" title="{{ m.name }}, SHA-256 {{ m.sha256 }}">{{ m.name }}</span></p></li>
{% endfor %}</ul>
{% endfor %}{% endmacro %}
"""
