/**
 * The style sheet of the report. Colours are variables with a light and a dark value; charts use the same variables, so one
 * drawing serves both. `data-theme` on the root element overrides the system's choice.
 */
import { LAYOUT } from "./styleLayout.js";
import { PARTS } from "./styleParts.js";

const LIGHT = `color-scheme: light;
  --page: #ffffff; --raised: #f6f7f9; --text: #1c2330; --soft: #596273; --muted: #98a1b0;
  --line: #e4e7ec; --line-strong: #b9c0cb; --accent: #2b5bd7; --accent-soft: #e9effc;
  --good: #16794c; --bad: #b9362c;
  --id: #1f7a8c; --id-validation: #7ba428; --near: #e07b12; --far: #c22f5d; --outlier: #6d3fc0;
  --model-1: #7b8596; --model-2: #c98500; --model-3: #2b5bd7; --model-4: #16794c; --model-5: #b0338f; --model-6: #7a5230;
  --model-7: #008a8a; --model-8: #c0392b; --model-9: #5b4fcf; --model-10: #7f8c1c; --model-11: #d0578f; --model-12: #2f7fb5;
  --model-13: #9a4f16; --model-14: #4a7a3a; --model-15: #8b3f9e; --model-16: #b58900; --model-17: #3c5a78;
  --class-1: #2f6fb5; --class-2: #e0861f; --class-3: #3a9a52; --class-4: #cc4241; --class-5: #8a63bd;
  --class-6: #8c5f4f; --class-7: #d568ab; --class-8: #7c8798; --class-9: #a9a62a; --class-10: #2ba7bb;`;

const DARK = `color-scheme: dark;
  --page: #12151b; --raised: #1a1f28; --text: #e5e9f0; --soft: #a2acbc; --muted: #727d8f;
  --line: #29303c; --line-strong: #465062; --accent: #7ea4ff; --accent-soft: #1f2b47;
  --good: #5cc48d; --bad: #f0877d;
  --id: #4fb9cb; --id-validation: #b5d95c; --near: #f5a04a; --far: #f2719a; --outlier: #b394f5;
  --model-1: #98a3b5; --model-2: #edb13f; --model-3: #7ea4ff; --model-4: #5cc48d; --model-5: #e58acb; --model-6: #c79b74;
  --model-7: #4fd0d0; --model-8: #ff8a7a; --model-9: #a79bff; --model-10: #c9d64f; --model-11: #ff9cc7; --model-12: #7cc0ee;
  --model-13: #e39a5c; --model-14: #93cf7f; --model-15: #d69ae6; --model-16: #e6c34d; --model-17: #9dbbd8;
  --class-1: #6aa6e8; --class-2: #f3a64f; --class-3: #69c17f; --class-4: #ee7b79; --class-5: #b596e6;
  --class-6: #c1978a; --class-7: #ee97cc; --class-8: #a6b0c0; --class-9: #cfcc58; --class-10: #5fcfe0;`;

/** The whole sheet. */
export const STYLE = `
:root { ${LIGHT} }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { ${DARK} } }
:root[data-theme="dark"] { ${DARK} }
${LAYOUT}${PARTS}
@media print {
  :root, :root:not([data-theme="light"]) { ${LIGHT} }
  nav, .skip, .tabs > input, .tabs > label, .tabs > .tabs-label { display: none !important; }
  .panel-title { display: block; }
  body { font-size: 10pt; }
  .wrap { max-width: none; padding: 0; }
  section { padding-top: 1.2rem; }
  figure, .card, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .scroll { overflow: visible; }
}
`;
