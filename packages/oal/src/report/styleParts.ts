/** Styles of the parts: cards, verdicts, tables, tabs, charts, pictures. */
export const PARTS = `
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 250px), 1fr)); }
.card { background: var(--raised); border-radius: 10px; padding: 1rem 1.2rem 1.1rem; border-top: 3px solid var(--key); }
.card h3 { margin: 0 0 0.55rem; }
.card dl { display: grid; grid-template-columns: repeat(3, auto); justify-content: space-between; gap: 0.6rem; align-items: start; }
.card dt { font-size: 0.76rem; color: var(--soft); line-height: 1.3; margin-bottom: 0.25rem; }
.card dd { font-size: 1.5rem; font-weight: 620; letter-spacing: -0.02em; line-height: 1.15; font-variant-numeric: tabular-nums; }
.card dd small { display: block; font-size: 0.74rem; letter-spacing: 0; margin-top: 0.2rem; }

.verdicts { list-style: none; margin-top: 1.25rem; display: grid; gap: 0.45rem 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); }
.verdict { padding-left: 0.95rem; border-left: 3px solid var(--muted); font-variant-numeric: tabular-nums; }
.verdict b { font-weight: 600; }
.verdict.better { border-color: var(--good); }
.verdict.worse { border-color: var(--bad); }
.tag { font-size: 0.8rem; color: var(--soft); margin-left: 0.35rem; }
.better .tag, td.better { color: var(--good); }
.worse .tag, td.worse { color: var(--bad); }
.warnings { margin-top: 1.2rem; padding: 0.6rem 1rem; border-left: 3px solid var(--near); background: var(--raised); border-radius: 0 8px 8px 0; font-size: 0.92rem; max-width: 46rem; }
.warnings ul { padding-left: 1.1rem; margin-top: 0.3rem; }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; min-width: 100%; }
th, td { text-align: right; padding: 0.42rem 0.75rem; vertical-align: top; white-space: nowrap; font-weight: 400; border-bottom: 1px solid var(--line); }
thead th { vertical-align: bottom; color: var(--soft); font-weight: 550; font-size: 0.82rem; line-height: 1.3; border-bottom: 1px solid var(--line-strong); }
th small, td small { display: block; font-size: 0.74rem; line-height: 1.35; color: var(--soft); }
th:first-child { text-align: left; padding-left: 0; position: sticky; left: 0; background: var(--page); }
thead tr + tr th:first-child { text-align: right; padding-left: 0.75rem; position: static; }
tbody th { font-weight: 600; }
td.text, th.text { text-align: left; }
td.wrapped { white-space: normal; min-width: 16rem; }
.results .mean { background: var(--raised); }
.results tbody th, .results tbody td { border-bottom: 0; padding-block: 0.3rem; }
.results tbody tr.first:not(:first-child) > * { border-top: 1px solid var(--line); padding-top: 0.7rem; }
.results tbody tr.last > * { padding-bottom: 0.7rem; }
.results tbody tr:last-child > * { border-bottom: 1px solid var(--line); }
td.best { font-weight: 680; }
td.best small { font-weight: 400; }
.swatch { display: inline-block; width: 0.62rem; height: 0.62rem; border-radius: 3px; background: var(--key); margin-right: 0.5rem; }
.stages th { width: 1%; font-weight: 400; padding-right: 1rem; }
.stages td { border: 0; padding-block: 0.2rem; }
.stages th { border: 0; padding-block: 0.2rem; }
.stages td:last-child { width: 1%; color: var(--soft); padding-right: 0; }
.bar { padding-inline: 0 !important; vertical-align: middle; }
.bar span { display: block; height: 0.6rem; min-width: 2px; border-radius: 2px; background: var(--accent); opacity: 0.75; }
.facts > div { display: grid; grid-template-columns: 9.5rem minmax(0, 1fr); gap: 0.8rem; padding: 0.28rem 0; border-bottom: 1px solid var(--line); font-size: 0.9rem; }
.facts dt { color: var(--soft); overflow-wrap: anywhere; }
.facts dd { overflow-wrap: anywhere; }
.audit > div { display: grid; grid-template-columns: 13rem 6rem minmax(0, 1fr); gap: 0.1rem 1.4rem; padding: 0.45rem 0; border-bottom: 1px solid var(--line); font-size: 0.9rem; }
.audit dt { font-weight: 600; }
.audit dd { color: var(--soft); }
.audit .value { color: var(--text); text-align: right; font-variant-numeric: tabular-nums; }
details { margin-top: 1.2rem; }
summary { cursor: pointer; color: var(--accent); font-size: 0.9rem; font-weight: 550; }
details > .scroll { margin-top: 0.6rem; }
pre { background: var(--raised); border-radius: 8px; padding: 1rem 1.2rem; overflow-x: auto; font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; max-height: 36rem; overflow-y: auto; }

.tabs { display: flex; flex-wrap: wrap; align-items: center; gap: 0.3rem; position: relative; }
.tabs > input { position: absolute; opacity: 0; width: 1px; height: 1px; }
.tabs-label { color: var(--soft); font-size: 0.82rem; margin-right: 0.35rem; min-width: 3.6rem; }
.tabs-more { color: var(--soft); font-size: 0.82rem; margin-left: 0.4rem; }
.tabs > label { padding: 0.22rem 0.72rem; border-radius: 99px; font-size: 0.85rem; cursor: pointer; color: var(--soft); border: 1px solid var(--line); }
.tabs > label:hover { color: var(--text); border-color: var(--line-strong); }
.tabs > input:checked + label { background: var(--accent-soft); color: var(--accent); border-color: transparent; font-weight: 600; }
.tabs > input:focus-visible + label { outline: 2px solid var(--accent); outline-offset: 2px; }
.panels { width: 100%; min-width: 0; padding-top: 0.75rem; }
.panel { display: none; min-width: 0; }
.panel > .tabs { margin-top: -0.3rem; }
.panel-title { display: none; font-weight: 600; margin: 0.6rem 0; }
.panel > .note { margin-bottom: 0.5rem; }
${Array.from({ length: 12 }, (_, i) => `.tabs > input:nth-of-type(${i + 1}):checked ~ .panels > :nth-child(${i + 1})`).join(",\n")} { display: block; }

.chart { display: block; width: 100%; height: auto; overflow: visible; font-size: 10.5px; }
.chart text { white-space: pre; fill: var(--soft); }
.chart text[fill="var(--text)"] { fill: var(--text); }
.chart text[fill="var(--page)"] { fill: var(--page); }
.chart g[stroke-opacity="0.1"] { stroke-opacity: 1; stroke: var(--line); }
.chart-box > figcaption { font-size: 0.88rem; font-weight: 600; margin-bottom: 0.3rem; display: flex; justify-content: space-between; gap: 0.2rem 0.8rem; flex-wrap: wrap; align-items: baseline; }
.chart-box { min-width: 0; }
.chart-box .note { font-variant-numeric: tabular-nums; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.25rem 1.2rem; margin: 0 0 0.9rem; font-size: 0.85rem; color: var(--soft); }
.legend li { display: flex; align-items: center; gap: 0.45rem; }
.key { display: inline-block; flex: none; width: 0.85rem; height: 0.7rem; border-radius: 2px; background: color-mix(in srgb, var(--key) 30%, transparent); border: 1.5px solid var(--key); }
.key-dot { width: 0.6rem; height: 0.6rem; border-radius: 50%; background: var(--key); border: 0; }
.key-line { width: 1.1rem; height: 0; border: 0; border-top: 2.5px solid var(--key); border-radius: 0; background: none; }
.key-dash { width: 1.1rem; height: 0; border: 0; border-top: 1.5px dashed var(--key); border-radius: 0; background: none; }
.key-cross { width: 0.7rem; height: 0.7rem; border: 0; border-radius: 0; background: linear-gradient(45deg, transparent 43%, var(--key) 43% 57%, transparent 57%), linear-gradient(-45deg, transparent 43%, var(--key) 43% 57%, transparent 57%); }
.runs { display: grid; grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); gap: 0 1.6rem; --columns: 4; }
.run { grid-column: span min(var(--terms), var(--columns)); display: grid; grid-template-columns: subgrid; gap: 1.1rem 1.6rem; align-content: start; align-items: end; min-width: 0; margin-bottom: 1.4rem; }
.run > h3 { grid-column: 1 / -1; margin: 0; padding-bottom: 0.3rem; border-bottom: 1px solid var(--line); }
@media (max-width: 980px) { .runs { --columns: 3; } }
@media (max-width: 760px) { .runs { --columns: 2; gap: 0 1rem; } .run { gap: 0.9rem 1rem; } }
.run .chart-box > figcaption { flex-wrap: nowrap; }
.run .chart-box .note { white-space: nowrap; }
.map { display: grid; grid-template-columns: minmax(0, 620px) minmax(11rem, 1fr); gap: 1.4rem 2rem; align-items: start; }
.map > svg { background: var(--raised); border-radius: 10px; }
.map > .legend { flex-direction: column; gap: 0.4rem; }

.pixels { display: block; max-width: 100%; image-rendering: pixelated; border-radius: 4px; background: var(--raised); }
.thumbs { display: grid; grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); gap: 1rem 0.9rem; }
.thumbs .pixels { width: 100%; }
.thumbs figcaption { font-size: 0.78rem; line-height: 1.35; margin-top: 0.3rem; overflow-wrap: anywhere; }
.thumbs b { font-weight: 600; }
.thumbs .name { display: block; color: var(--soft); font-size: 0.7rem; line-height: 1.3; max-height: 3.9em; overflow: hidden; }
.thumbs .name:hover { max-height: none; }
.columns { list-style: none; columns: 18rem auto; column-gap: 2rem; font-size: 0.9rem; }
.columns li { break-inside: avoid; padding: 0.15rem 0; overflow-wrap: anywhere; }
.columns b { font-weight: 600; }
.names { list-style: none; font-size: 0.88rem; margin-top: 0.4rem; }
.names li { padding: 0.15rem 0; overflow-wrap: anywhere; }
code { font: 0.92em ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.sheets { display: grid; gap: 1.8rem 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); margin-bottom: 1.6rem; }
.sheets .pixels { width: 100%; }
.sheets figcaption { font-size: 0.88rem; color: var(--soft); margin-top: 0.5rem; }
.sheets b { color: var(--text); font-weight: 600; margin-right: 0.3rem; }
@media (max-width: 760px) {
  .map { grid-template-columns: minmax(0, 1fr); }
  .map > .legend { flex-direction: row; }
  .card dd { font-size: 1.35rem; }
  .card dl { grid-template-columns: repeat(3, 1fr); }
  .run .chart-box > figcaption { font-size: 0.8rem; gap: 0.5rem; }
  .audit > div { grid-template-columns: minmax(0, 1fr) auto; }
  .audit dd:last-child { grid-column: 1 / -1; }
  .sheets .wide { min-width: 560px; }
  .facts > div { grid-template-columns: 7rem minmax(0, 1fr); }
  th, td { padding-inline: 0.6rem; }
}
`;
