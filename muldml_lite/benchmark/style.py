"""The report's style: light and dark, from phones to wide screens, and on paper."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #fcfbf8; --card: #fff; --ink: #24282d; --soft: #5a636e; --rule: #d8d3c7; --heat: 11, 111, 104;
  --softmax: #5d6772; --triplet: #a6461f; --dual: #6b4a9e; --mul-dml: #0f6b68;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15191e; --card: #1c2229; --ink: #e8e6e1; --soft: #a6afb9; --rule: #39424d; --heat: 60, 170, 165;
    --softmax: #aab4bf; --triplet: #f0875c; --dual: #b79cf0; --mul-dml: #4cc3bd;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 70rem; margin: 0 auto; padding: 1.2rem 1rem 4rem; }
h1, h2 { font-family: Georgia, serif; font-weight: 600; line-height: 1.25; }
h1 { font-size: 1.9rem; margin: .4rem 0; }
h2 { font-size: 1.35rem; margin: 2.4rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0 0 .5rem; }
p, ul, figcaption { max-width: 48rem; }
li { margin: .25rem 0; }
.soft, figcaption, caption, small { color: var(--soft); }
.soft, figcaption, caption { font-size: .9rem; }
.state { font-weight: 600; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; }
.card, .wide { background: var(--card); border: 1px solid var(--rule); border-radius: .5rem; padding: .9rem; }
.card, .wide { min-width: 0; margin: .6rem 0; }
.grid > * { margin: 0; }
.wide { overflow-x: auto; position: relative; }
figure { margin: .8rem 0; }
figcaption { margin: 0 0 .6rem; }
a { color: inherit; }
summary { cursor: pointer; padding: .3rem 0; }

table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; }
caption span { display: inline-block; max-width: min(48rem, calc(100vw - 5rem)); }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
thead th { white-space: normal; vertical-align: bottom; font-size: .9rem; }
th:first-child, td:first-child { text-align: left; }
td.text { white-space: normal; text-align: left; min-width: 12rem; }

.softmax { --c: var(--softmax); }
.triplet { --c: var(--triplet); }
.dual { --c: var(--dual); }
.mul-dml { --c: var(--mul-dml); }
.head { display: flex; justify-content: space-between; gap: 0 .6rem; flex-wrap: wrap; font-size: .88rem; }
.head span:first-child { overflow-wrap: anywhere; }
.head span:last-child { color: var(--soft); margin-left: auto; }
.track { position: relative; height: 1.1rem; margin: 0 .6rem .35rem; border-bottom: 1px solid var(--rule); }
.track i { position: absolute; top: 50%; width: .62rem; height: .62rem; background: var(--c); }
.track i { transform: translate(-50%, -50%); }
.track i.dot { opacity: .8; border-radius: 50%; }
.track i.mean { width: 3px; height: 1rem; border-radius: 1px; }
.track i.bar { height: 4px; min-width: 2px; border-radius: 2px; opacity: .75; transform: translateY(-50%); }
.shapes i.triplet, i.key.triplet { border-radius: 0; }
.shapes i.dual, i.key.dual { border-radius: 0; clip-path: polygon(50% 0, 100% 50%, 50% 100%, 0 50%); }
.shapes i.mul-dml, i.key.mul-dml { border-radius: 0; clip-path: polygon(50% 0, 100% 100%, 0 100%); }
.shapes i.dual, .shapes i.mul-dml, i.key.dual, i.key.mul-dml { width: .8rem; height: .8rem; }
.rule { position: absolute; top: .2rem; bottom: -.1rem; border-left: 2px dashed var(--soft); }
.ticks { position: relative; height: 1.3rem; margin: 0 .6rem; font-size: .8rem; color: var(--soft); }
.ticks span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.ticks span:first-child { transform: translateX(-.6rem); }
.ticks span:last-child { transform: translateX(calc(-100% + .6rem)); }
.key { display: inline-block; width: .65rem; height: .65rem; border-radius: 50%; background: var(--c); }
.legend span { margin-right: 1.1rem; white-space: nowrap; }

.confusion th, .confusion td { padding: .25rem .35rem; text-align: center; border: 0; font-size: .85rem; }
.confusion th:first-child { text-align: left; }
.confusion thead th { font-weight: 400; color: var(--soft); }
.confusion td { background: rgba(var(--heat), var(--a)); min-width: 2.3rem; }
.confusion td.right { outline: 1px solid var(--soft); outline-offset: -1px; }

pre { overflow-x: auto; padding: .8rem; font-size: .82rem; }
pre { background: var(--card); border: 1px solid var(--rule); border-radius: .5rem; }
code { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .5rem 0; }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 30rem) {
  h1 { font-size: 1.5rem; }
  dl { grid-template-columns: 1fr; }
  dt { color: var(--soft); font-size: .9rem; }
  dd { margin-bottom: .4rem; }
  .wide { padding: .7rem; }
  .confusion th, .confusion td { padding: .25rem .1rem; font-size: .8rem; }
  .confusion td { min-width: 1.65rem; }
}
@media print { .card, .wide { break-inside: avoid; } }
"""
