import { expect, test } from "vitest";
import { duration, percent, plain, points, probability } from "./format.js";
import { escapeText, html, join, Markup } from "./markup.js";
import { tabs } from "./tabs.js";

test("the html tag escapes text and nothing else", () => {
  const evil = `<b title='x'>&"`;
  expect(html`<p>${evil}${3}${null}${[new Markup("<i></i>"), evil]}</p>`.text).toBe(
    `<p>${escapeText(evil)}3<i></i>${escapeText(evil)}</p>`,
  );
  expect(escapeText(evil)).toBe("&lt;b title=&#39;x&#39;&gt;&amp;&quot;");
  expect(escapeText("a\u0000b\n")).toBe("a\ufffdb\n");
  expect(join(["<", html`<br />`]).text).toBe("&lt;<br />");
});

test("numbers read as people write them", () => {
  expect([percent(0.8754), percent(NaN), percent(1, 2)]).toEqual(["87.5", "–", "100.00"]);
  expect([points(0.012), points(-0.004), points(0.0001)]).toEqual(["+1.2", "−0.4", "±0.0"]);
  expect([probability(0.0004), probability(0.25)]).toEqual(["< 0.001", "0.250"]);
  expect([0.42, 52.4, 250, 7500].map(duration)).toEqual(["0.4 s", "52 s", "4 min 10 s", "2 h 05 min"]);
  expect([0, 3, -1.23456, 1234567, 0.00012, -Infinity].map(plain)).toEqual([
    "0",
    "3",
    "−1.235",
    "1\u202f234\u202f567",
    "1.20e−4",
    "−∞",
  ]);
});

test("tabs offer twelve views at most, say so, and vanish for one", () => {
  const all = Array.from({ length: 15 }, (_, i) => ({ title: `view ${i}`, content: `content ${i}` }));
  const text = tabs("t", "Detector", all).text;
  expect(text.match(/type="radio"/g)).toHaveLength(12);
  expect(text.match(/ checked/g)).toHaveLength(1);
  expect(text).toContain("and 3 more");
  expect(tabs("t", "Detector", all.slice(0, 1)).text).toBe("content 0");
});
