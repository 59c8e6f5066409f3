"""The audit page as a Jinja template; see :mod:`training.data.audit_page`."""

TEMPLATE = """\
{% extends "base.html" %}
{% from "parts.html" import wide, plot, facts, contents %}

{% block top %}
<p class="kicker">Dataset audit · {{ audit.digest[:16] }}</p>
<h1>{{ headline }}</h1>
<p class="lead"><span class="badge {{ verdict.mood }}">{{ verdict.short }}</span>
{{ verdict.text }}</p>
<dl class="tiles">
<div class="tile"><dt>Images</dt><dd>{{ "{:,}".format(audit.images) }}
<small>{{ size }}</small></dd></div>
<div class="tile"><dt><span class="real">Real</span> and <span class="ai">AI</span></dt>
<dd>{{ "{:,}".format(audit.classes.real) }} · {{ "{:,}".format(audit.classes.ai) }}
<small>{{ balance }}</small></dd></div>
<div class="tile"><dt>Sources</dt><dd>{{ audit.sources|length }}
<small>{{ sources_by_class }}</small></dd></div>
<div class="tile"><dt>AUC of format and size</dt>
<dd>{% if audit.shortcut.auc is none %}none{% else %}{{ "%.2f"|format(audit.shortcut.auc) }}
<small>{% if audit.shortcut.auc_by_source is not none %}{{
 "%.2f"|format(audit.shortcut.auc_by_source) }} on unseen sources; {% endif %}0.50 is best</small>
{% endif %}</dd></div>
</dl>
{% if audit.errors or audit.warnings %}
<ul class="warnings" aria-label="Errors and warnings">
{% for error in audit.errors %}<li><strong class="bad">Error:</strong> {{ error }}</li>
{% endfor %}
{% for warning in audit.warnings %}<li><strong>Warning:</strong> {{ warning }}</li>
{% endfor %}</ul>
{% endif %}
{{ contents(links) }}
{% endblock %}

{% block content %}
<section id="sources" aria-labelledby="sources-h">
<h2 id="sources-h">Where the images come from</h2>
<p>A source is where images were collected. It is the unit of every split: what a detector is judged
on comes from sources that it learnt nothing from.</p>
{{ plot(sources_plot, sources_caption) }}
<details><summary>All sources as a table</summary>
{% call wide("All sources") %}
<table><thead><tr><th scope="col">source</th><th scope="col">class</th><th scope="col">split</th>
<th scope="col">images</th><th scope="col">MB</th></tr></thead><tbody>
{% for group in audit.groups %}
<tr><th scope="row">{{ group.source }}</th>
<td><span class="{{ group.label }}">{{ group.label }}</span></td>
<td>{{ group.split or "open" }}</td><td>{{ "{:,}".format(group.images) }}</td>
<td>{{ "%.1f"|format(group.bytes / 1e6) }}</td></tr>
{% endfor %}</tbody></table>
{% endcall %}</details>
{% if audit.generators %}
<details><summary>Generators of the AI images ({{ audit.generators|length }})</summary>
{{ facts(audit.generators.items()) }}</details>
{% endif %}
<details><summary>Licences ({{ audit.licences|length }})</summary>
{{ facts(audit.licences.items()) }}</details>
</section>

<section id="shortcut" aria-labelledby="shortcut-h">
<h2 id="shortcut-h">What gives the class away</h2>
<p>A classifier that sees no pixel, only format, size and compression, is asked which images are AI.
Above {{ shortcut_limit }} a detector has something easier to learn than what generators leave
behind.</p>
<div class="pair">
{{ plot(shortcut_plot, "AUC of format and size; single measures below, the most telling first.") }}
{{ plot(formats_plot, "File formats.") }}
{% for svg, caption in size_plots %}{{ plot(svg, caption) }}{% endfor %}
</div>
</section>

<section id="copies" aria-labelledby="copies-h">
<h2 id="copies-h">Copies and leaks</h2>
{{ facts(copies) }}
{% if audit.leaks %}<h3 class="bad">Sources in train and in test</h3>
<ul>{% for leak in audit.leaks %}<li>{{ leak }}</li>{% endfor %}</ul>{% endif %}
</section>

<section id="rejected" aria-labelledby="rejected-h">
<h2 id="rejected-h">Files left out</h2>
{% if not audit.rejected %}<p>None: every file found is an image that can be read.</p>{% else %}
{{ facts(audit.rejected.items()) }}
{% call wide("Examples of files left out") %}
<table><caption>The first {{ audit.examples|length }}</caption>
<thead><tr><th scope="col">file</th><th scope="col" class="text">why</th></tr></thead><tbody>
{% for name, why in audit.examples %}<tr><th scope="row"><code>{{ name }}</code></th>
<td class="text">{{ why }}</td></tr>
{% endfor %}</tbody></table>
{% endcall %}{% endif %}
</section>
<footer>{{ audit.name }} · {{ audit.dataset }} · found in {{ audit.origin }}</footer>
{% endblock %}
"""
