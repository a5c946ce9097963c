/** Styles of the page as a whole: type, header, navigation, sections, grids. */
export const LAYOUT = `
*, *::before, *::after { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; scroll-padding-top: 3.2rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", sans-serif; -webkit-font-smoothing: antialiased; }
.wrap { max-width: 1120px; margin: 0 auto; padding: 0 28px; }
h1, h2, h3, p, ul, dl, dd, figure { margin: 0; padding: 0; }
h1 { font-size: 2rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.02em; text-wrap: balance; }
h2 { font-size: 1.35rem; line-height: 1.3; font-weight: 640; letter-spacing: -0.012em; }
h3 { font-size: 1rem; font-weight: 640; margin: 1.9rem 0 0.7rem; }
.side h3 { margin-top: 0; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
small, .note { font-size: 0.82em; color: var(--soft); font-weight: 400; }
.soft { color: var(--soft); font-weight: 400; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 12px; top: 12px; background: var(--page); padding: 8px 14px; z-index: 9; }

header { padding: 3rem 0 1.7rem; }
.brand { font-size: 0.78rem; letter-spacing: 0.09em; text-transform: uppercase; color: var(--accent); font-weight: 600; margin-bottom: 0.6rem; }
.summary { margin-top: 0.8rem; max-width: 46rem; color: var(--soft); font-size: 1.05rem; overflow-wrap: anywhere; }
nav { position: sticky; top: 0; z-index: 5; background: var(--page); border-block: 1px solid var(--line); }
nav .wrap { display: flex; gap: 1.5rem; overflow-x: auto; scrollbar-width: none; white-space: nowrap; }
nav .wrap::-webkit-scrollbar { display: none; }
nav a { padding: 0.62rem 0; color: var(--soft); font-size: 0.87rem; }
nav a:hover { color: var(--text); text-decoration: none; }
section { padding: 2.9rem 0 0.4rem; }
section + section { border-top: 1px solid var(--line); margin-top: 2.5rem; }
.lead { color: var(--soft); max-width: 46rem; margin: 0.45rem 0 1.35rem; }
.lead b { color: var(--text); font-weight: 600; }
footer.wrap { color: var(--soft); font-size: 0.85rem; padding-top: 1.4rem; padding-bottom: 3rem; margin-top: 3rem; position: relative; }
footer::before { content: ""; position: absolute; left: 28px; right: 28px; top: 0; border-top: 1px solid var(--line); }

.grid { display: grid; gap: 1.5rem 1.6rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 290px), 1fr)); }
.grid.wide { grid-template-columns: repeat(auto-fit, minmax(min(100%, 310px), 1fr)); gap: 1.6rem 2.2rem; }
.grid.wide > figure { max-width: 480px; }
.stacked { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.6rem; }
.stacked > figure { max-width: 640px; }
.side { display: grid; grid-template-columns: minmax(0, 1.25fr) minmax(0, 1fr); gap: 2rem 3rem; align-items: start; }
@media (max-width: 760px) {
  body { font-size: 14.5px; }
  .wrap { padding: 0 18px; }
  header { padding: 1.9rem 0 1.2rem; }
  h1 { font-size: 1.55rem; }
  .summary { font-size: 1rem; }
  section { padding-top: 2rem; }
  section + section { margin-top: 1.9rem; }
  .side { grid-template-columns: minmax(0, 1fr); }
  footer::before { left: 18px; right: 18px; }
}
`;
