"""The report's HTML, as a Jinja template."""

_MACROS = """
{% macro chart(panel, shapes=false) %}
<div class="card"><h3>{{ panel.title }}</h3>
<div role="img" aria-label="{{ panel.alt }}"{% if shapes %} class="shapes"{% endif %}>
{% for line in panel.lines %}
<div class="head"><span>{{ line.label }}</span><span>{{ line.numbers }}</span></div>
<div class="track">
{% if panel.rule is not none %}
<b class="rule" style="left:{{ place(panel.rule) }}" title="{{ panel.rule_text }}"></b>
{% endif %}
{% for m in line.marks %}
<i class="{{ m.kind }} {{ m.look }}" title="{{ m.title }}"
 style="left:{{ place(m.left) }}{% if m.kind == 'bar' %};width:{{ place(m.width) }}{% endif %}"></i>
{% endfor %}
</div>
{% endfor %}
<div class="ticks">
{% for at, text in panel.ticks %}<span style="left:{{ place(at) }}">{{ text }}</span>{% endfor %}
</div>
{% if panel.rule_text %}<div class="soft">dashed: {{ panel.rule_text }}</div>{% endif %}
</div></div>
{% endmacro %}

{% macro place(value) %}{{ '%.2f' % value }}%{% endmacro %}

{% macro spread(value) %}± {{ '%.1f' % (100 * value) }}{% endmacro %}

{% macro cell(m) %}
<td>{{ m.mean | percent }}{% if m.spread is not none %} <small>{{ spread(m.spread) }}</small>{% endif %}</td>
{% endmacro %}

{% macro number(n) %}<td>{{ '–' if n is none else '{:,}'.format(n) }}</td>{% endmacro %}

{% macro heads(names) %}
<thead><tr>{% for name in names if name %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
{% endmacro %}

{% macro items(lines) %}<ul>{% for line in lines %}<li>{{ line }}</li>{% endfor %}</ul>{% endmacro %}

{% macro pairs(values) %}
{% for name, value in values.items() %}<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}
{% endmacro %}
"""

_RESULTS = """
<h2>Results</h2>
<div class="wide" tabindex="0" role="region" aria-label="Results"><table>
<caption><span>Mean ± standard deviation over seeds; held-out {{ unit }}.</span></caption>
{{ heads(['method'] + measures.values() | list + ['head, accuracy of images' if r.sequences else '',
  'head, between folds' if plan.folds else '', 'seeds', 'runs']) }}
<tbody>
{% for arm in r.methods %}
<tr><th scope="row">{{ names[arm.method] }}</th>
{% for key in measures %}{{ cell(arm.measures[key]) }}{% endfor %}
{% if r.sequences %}{{ cell(arm.measures.head_accuracy_images) }}{% endif %}
{% if plan.folds %}
<td>{% if arm.measures.head_accuracy.fold_spread is none %}–{% else %}
{{ spread(arm.measures.head_accuracy.fold_spread) }}{% endif %}</td>
{% endif %}
<td>{{ arm.seeds | length }}</td><td>{{ arm.done }} of {{ arm.planned }}</td></tr>
{% endfor %}
{% if r.published.accuracy is not none %}
<tr><th scope="row">Mul-DML as published</th><td>{{ '%.2f' % (100 * r.published.accuracy) }} %</td>
<td class="text" colspan="9"><small>accuracy; see below</small></td></tr>
{% endif %}
</tbody></table></div>
<p class="soft">Published: {{ r.published.paper }}; {{ r.published.where }}: {{ r.published.note }}.
{% if plan.folds %}
“Between folds”: standard deviation of the head's accuracy between folds, each averaged over its seeds.
{% endif %}</p>
<figure><figcaption>Each dot is a seed, the upright bar their mean. All four panels share one scale.</figcaption>
<div class="grid">{% for panel in accuracy_panels %}{{ chart(panel) }}{% endfor %}</div></figure>
{% if difference_panels %}
<h2>Against {{ names[r.control] }}</h2>
<figure><figcaption>Points gained or lost on the same seeds and folds, with 95 % intervals over people; the dashed line
is 0. All four panels share one scale.</figcaption>
<div class="grid">{% for panel in difference_panels %}{{ chart(panel) }}{% endfor %}</div></figure>
<details><summary>A check over {{ r.checks[0].unit }}, corrected for the number of methods</summary>
<div class="wide" tabindex="0" role="region" aria-label="Check"><table>
{{ heads(['difference', 'points', 'interval', 'level', 'p (Holm)', r.checks[0].unit]) }}
<tbody>
{% for c in r.checks %}
<tr><th scope="row">{{ names[c.method] }}, {{ measures[c.measure] }}</th><td>{{ c.mean | points }}</td>
{% if c.low is none %}
<td>too few</td><td>–</td><td>–</td>
{% else %}
<td>{{ c.low | points }} to {{ c.high | points }}</td><td>{{ '%.1f' % (100 * c.level) }} %</td>
<td>{{ '%.2g' % c.p_holm }}</td>
{% endif %}
<td>{{ c.units }}</td></tr>
{% endfor %}
</tbody></table></div></details>
{% endif %}
<h2>Classes</h2>
<figure><figcaption><span class="legend">
{% for arm in r.methods %}<span><i class="key {{ arm.method }}"></i> {{ names[arm.method] }}</span>{% endfor %}
</span><br>How much of each class is recognised, in per cent; numbers stand in the order of this legend.</figcaption>
<div class="grid">{% for panel in class_panels %}{{ chart(panel, shapes=true) }}{% endfor %}</div></figure>
<h2>Confusion</h2>
<p class="soft">Rows are true classes, columns what was said, in per cent of the row. n counts {{ unit }}, pooled over
folds and added up over seeds.</p>
{% for read_out, shown in read_outs.items() %}
<details{% if read_out == 'head' %} open{% endif %}><summary>{{ shown }}</summary><div class="grid">
{% for one in confusions if one.read_out == read_out %}
<div class="wide" tabindex="0" role="region" aria-label="Confusion, {{ one.title }}"><table class="confusion">
<caption>{{ one.title }}, {{ one.seeds }} seed(s)</caption>
<thead><tr><td></td>
{% for row in one.rows %}<th scope="col"><abbr title="{{ row.label }}">{{ row.label[:4] }}</abbr></th>{% endfor %}
<th scope="col">n</th></tr></thead><tbody>
{% for row in one.rows %}{% set at = loop.index0 %}
<tr><th scope="row">{{ row.label }}</th>
{% for c in row.cells %}
<td style="--a:{{ '%.2f' % (0.55 * c.share) }}" title="{{ c.count }} of {{ row.cases }}"
{% if loop.index0 == at %} class="right"{% endif %}>{{ c.text }}</td>
{% endfor %}
<td>{{ row.cases }}</td></tr>
{% endfor %}
</tbody></table></div>
{% endfor %}
</div></details>
{% endfor %}
"""

_DATA = """
<h2>Data</h2>
<div class="wide" tabindex="0" role="region" aria-label="Data"><table>
<caption><span>What is there
{%- if plan.data.startswith('drawn:') %} with seed 0; other seeds draw other faces{% endif %}
{%- if plan.folds %}; training and held-out images are those of fold 0{% endif %}.</span></caption>
{{ heads(['class', 'images', 'sequences', 'subjects', 'training', 'held out']) }}
<tbody>
{% for name, one in (counts.classes.items() | list) + [('all', counts)] %}
<tr><th scope="row">{{ name }}</th>
{% for key in ('images', 'sequences', 'subjects', 'train', 'test') %}{{ number(one[key]) }}{% endfor %}</tr>
{% endfor %}
</tbody></table></div>
{% if r.methods %}
<p>Held out in one seed, all folds together: {{ held_out }}.</p>
{% endif %}
{% if counts.images_per_subject %}
<details><summary>Images of each of {{ counts.images_per_subject | length }} subjects</summary>
<p class="soft">
{% for name, n in counts.images_per_subject.items() %}{{ name }}: {{ n }}{{ '' if loop.last else ', ' }}{% endfor %}
</p></details>
{% endif %}
{% if r.data.skipped %}
<details><summary>{{ r.data.skipped | length }} left out</summary>{{ items(r.data.skipped) }}</details>
{% endif %}
{% if remarks %}<h2>To know</h2>{{ items(remarks) }}{% endif %}
"""

_TAIL = """
<h2>Runs</h2>
<details><summary>{{ done }} of {{ r.runs | length }} finished</summary>
<div class="wide" tabindex="0" role="region" aria-label="Runs"><table>
{{ heads(['run', 'state', 'epochs', 'time', 'remark']) }}
<tbody>
{% for run in r.runs %}
<tr><th scope="row">{{ run.name }}</th><td>{{ run.state }}</td><td>{{ run.epochs }}</td>
<td>{{ '%.1f' % (run.seconds / 60) }} min</td><td class="text">{{ run.reason or run.warnings | join('; ') }}</td></tr>
{% endfor %}
</tbody></table></div></details>
<h2>How it was made</h2>
<dl><dt>command</dt><dd><code>{{ r.command }}</code></dd><dt>date</dt><dd>{{ r.date }}</dd>
{{ pairs(r.machine) }}{{ pairs(r.versions) }}</dl>
<details><summary>Settings that all runs share</summary>
<p class="soft">Slices are those of mul-dml; triplet and dual have one, with a threshold in the middle of the range.</p>
<dl>{{ pairs(settings) }}</dl></details>
<h2>As a table</h2>
<p><a download="benchmark.csv" href="{{ csv_link }}">Download as CSV</a> (shares, 0 to 1)</p>
<details><summary>Show it</summary><pre tabindex="0">{{ csv }}</pre></details>
"""

PAGE = (
    _MACROS
    + """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Benchmark on {{ plan.data }}</title>
<style>{{ style }}</style></head><body><main>
<h1>Benchmark on {{ plan.data }}</h1>
<p class="soft">{{ size }}</p>
<p class="state">{{ state }}</p>
{% if r.methods %}
{{ items(findings) }}
"""
    + _RESULTS
    + """
{% else %}
<p>No run is finished yet, so there is nothing to show but the plan.</p>
{% endif %}
<h2>Protocol</h2>{{ items(protocol) }}
"""
    + _DATA
    + _TAIL
    + "</main></body></html>\n"
)
