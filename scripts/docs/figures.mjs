// The pictures of docs/method.md. estimator.svg is drawn from docs/method/club.json, which recipes/clubEstimator.mjs computes; boundary.svg
// from a small class that is sampled here with oal's own functions; pairs.svg and pipeline.svg are drawings. Usage: npm run build, then
// node scripts/docs/figures.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Random } from "../../packages/core/dist/index.js";
import { selectBoundary } from "../../packages/oal/dist/outliers/boundary/select.js";
import { cpuEngine } from "../../packages/oal/dist/runtime/engines/index.js";

const folder = fileURLToPath(new URL("../../docs/method/", import.meta.url));
const colours = { ink: "#222", soft: "#777", line: "#ccc", id: "#3b6fb6", out: "#d1495b", other: "#2a9d6f" };

/** An SVG of some size; white behind, so that it can be read on dark pages too. */
const svg = (width, height, title, parts) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" role="img"><title>${title}</title><rect width="100%" height="100%" fill="#fff"/>${parts.flat(9).join("")}</svg>\n`;
const round = (x) => Number(x.toFixed(1));
const text = (x, y, words, { at = "start", fill = colours.ink, size = 12, weight = 400 } = {}) =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${at}" fill="${fill}" font-size="${size}" font-weight="${weight}">${words}</text>`;
const line = (x1, y1, x2, y2, stroke = colours.line, more = "") =>
  `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}" ${more}/>`;
const dot = (x, y, r, fill, more = "") =>
  `<circle cx="${round(x)}" cy="${round(y)}" r="${r}" fill="${fill}" ${more}/>`;
const path = (points, stroke, more = "") =>
  `<path d="M${points.map(([x, y]) => `${round(x)} ${round(y)}`).join("L")}" fill="none" stroke="${stroke}" ${more}/>`;

/** Three panels, one per number of dimensions: true information against what the estimators say. */
function estimator(results) {
  const dimensions = [...new Set(results.map(({ dimension }) => dimension))];
  const [wide, high, left, top] = [230, 210, 46, 46];
  const panels = dimensions.map((dimension, panel) => {
    const rows = results.filter((row) => row.dimension === dimension);
    const most = Math.max(...rows.map(({ exact }) => exact)) * 1.08;
    const farthest = Math.max(...rows.map(({ information }) => information)) * 1.08;
    const x = (value) => left + panel * (wide + 34) + (value / farthest) * wide;
    const least = 1.1 * Math.min(...rows.map(({ publishedTruePairs }) => publishedTruePairs));
    const y = (value) => top + high - ((value - least) / (most - least)) * high;
    const curve = Array.from({ length: 60 }, (_, i) => {
      const information = (farthest * i) / 59;
      const share = 1 - Math.exp((-2 * information) / dimension);
      return [x(information), y((dimension * share) / (1 - share))];
    }).filter(([, at]) => at >= top);
    const ticks = [0, 0.5, 1].map((part) => part * most * 0.92);
    return [
      text(x(0) + wide / 2, top - 10, `${dimension} dimensions`, { at: "middle", weight: 600 }),
      ticks.map((tick) => [
        line(x(0), y(tick), x(farthest), y(tick)),
        text(x(0) - 5, y(tick) + 4, tick < 10 ? tick.toFixed(1) : tick.toFixed(0), {
          at: "end",
          fill: colours.soft,
        }),
      ]),
      [0, 0.5, 0.92].map((part) =>
        text(x(part * farthest), top + high + 15, (part * farthest).toFixed(1), {
          at: "middle",
          fill: colours.soft,
        }),
      ),
      path(curve, colours.ink),
      path(
        [
          [x(0), y(0)],
          [x(farthest), y(farthest)],
        ],
        colours.soft,
        'stroke-dasharray="4 3"',
      ),
      rows.map((row) => [
        dot(x(row.information), y(row.fitted), 4, colours.id),
        dot(x(row.information), y(row.fittedShuffled), 3, "none", `stroke="${colours.id}"`),
        dot(x(row.information), y(row.publishedRandomPairs), 2.5, colours.out),
        dot(x(row.information), y(row.publishedTruePairs), 3, "none", `stroke="${colours.out}"`),
      ]),
    ];
  });
  const key = [
    [
      path(
        [
          [0, 0],
          [16, 0],
        ],
        colours.ink,
      ),
      "CLUB with the true q: d ρ² / (1 − ρ²)",
    ],
    [
      path(
        [
          [0, 0],
          [16, 0],
        ],
        colours.soft,
        'stroke-dasharray="4 3"',
      ),
      "the information itself",
    ],
    [dot(8, 0, 4, colours.id), "CLUB, q fitted by likelihood"],
    [dot(8, 0, 3, "none", `stroke="${colours.id}"`), "the same q, pairs shuffled"],
    [dot(8, 0, 2.5, colours.out), "as published: random pairs"],
    [dot(8, 0, 3, "none", `stroke="${colours.out}"`), "q lowers the value of true pairs"],
  ].map(([mark, words], i) => {
    const [x, y] = [left + (i % 3) * 272, top + high + 58 + 20 * Math.floor(i / 3)];
    return `<g transform="translate(${x} ${y})">${mark}${text(22, 4, words)}</g>`;
  });
  return svg(850, 352, "CLUB of pairs of known information", [
    text(left, 18, "What CLUB says of correlated Gaussian pairs, in nats", { weight: 600, size: 14 }),
    panels,
    text(left + 1.5 * wide + 34, top + high + 34, "mutual information of the pairs", {
      at: "middle",
      fill: colours.soft,
    }),
    key,
  ]);
}

/** A class on a circle's arc, seen in the plane; both selections of the same candidates. */
async function boundary() {
  const random = new Random(4, "figure");
  const [count, noise] = [60, 160];
  const bank = new Float32Array(2 * count);
  const angles = random.normals(0, count).map((value) => Math.PI / 2 + 0.25 * value);
  angles.forEach((angle, i) => bank.set([Math.cos(angle), Math.sin(angle)], 2 * i));
  const engine = await cpuEngine({ threads: 1 });
  const input = {
    bank,
    dimension: 2,
    noise: random.normals(1, 2 * noise),
    choice: [0, 1, 2, 3],
    k: 20,
    select: 4,
    keep: 6,
    sigma: 0.22,
  };
  const panels = [];
  for (const [panel, selection] of ["farthest", "misread"].entries()) {
    const found = await selectBoundary(engine, { ...input, selection });
    const place = (vector, lift) => {
      const angle = Math.atan2(vector[1], vector[0]);
      const radius = 165 + lift;
      return [215 + 420 * panel + radius * 1.12 * Math.cos(angle), 250 - radius * Math.sin(angle)];
    };
    const row = (rows, i) => [rows[2 * i], rows[2 * i + 1]];
    const candidates = found.chosenIndex.flatMap((anchor, p) =>
      Array.from({ length: noise }, (_, s) => {
        const [x, y] = [0, 1].map((d) => bank[2 * anchor + d] + input.sigma * input.noise[2 * s + d]);
        const [px, py] = place([x, y], 8 + 6 * p);
        return dot(px, py, 1.1, colours.line);
      }),
    );
    const ids = Array.from({ length: count }, (_, i) => dot(...place(row(bank, i), -12), 2.6, colours.id));
    const anchors = found.chosenIndex.map((i) =>
      dot(...place(row(bank, i), -12), 4.5, "none", `stroke="${colours.ink}" stroke-width="1.4"`),
    );
    const kept = found.keptIndex.map((flat, i) =>
      dot(...place(row(found.keptPoints, i), 8 + 6 * Math.floor(flat / noise)), 3, colours.out),
    );
    const title =
      selection === "farthest" ? "meant: the farthest of each anchor" : "published: read in the wrong layout";
    panels.push([
      text(215 + 420 * panel, 40, title, { at: "middle", weight: 600 }),
      candidates,
      ids,
      anchors,
      kept,
    ]);
  }
  const key = [
    [colours.id, 2.6, "embeddings of a class"],
    [colours.line, 2, "candidates, one ring per anchor"],
    [colours.out, 3, "kept"],
  ].map(([fill, r, words], i) => [dot(40 + 230 * i, 232, r, fill), text(50 + 230 * i, 236, words)]);
  return svg(850, 250, "Boundary sampling on a circle", [
    text(20, 18, "Boundary sampling of a class on a circle (anchors are ringed)", { weight: 600, size: 14 }),
    panels,
    key,
  ]);
}

const box = (x, y, width, height, words, fill) => [
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="${fill}" stroke="${colours.soft}"/>`,
  words.map((each, i) =>
    text(x + width / 2, y + height / 2 + 4 + 15 * (i - (words.length - 1) / 2), each, { at: "middle" }),
  ),
];
const arrow = (x1, y1, x2, y2, stroke = colours.ink) => {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const tip = [0.4, -0.4].map((turn) => [x2 - 8 * Math.cos(angle + turn), y2 - 8 * Math.sin(angle + turn)]);
  return [line(x1, y1, x2, y2, stroke), path([tip[0], [x2, y2], tip[1]], stroke)];
};

function pipeline() {
  const [a, b, c] = ["#eef3fb", "#fbeef0", "#eef8f3"];
  return svg(850, 196, "From a teacher to a student", [
    text(20, 18, "From a teacher's embeddings to a student that has met outliers", { weight: 600, size: 14 }),
    box(20, 70, 120, 50, ["teacher's", "embeddings"], a),
    arrow(140, 95, 172, 95),
    box(174, 70, 120, 50, ["far points,", "noise, farthest"], b),
    arrow(294, 95, 326, 95),
    text(310, 64, "outlier embeddings o", { at: "middle", fill: colours.soft }),
    box(328, 70, 120, 50, ["diffusion", "conditioned by o"], b),
    arrow(448, 95, 480, 95),
    text(464, 64, "latents s", { at: "middle", fill: colours.soft }),
    box(482, 70, 120, 50, ["decoder", "and audit"], b),
    arrow(602, 95, 634, 95),
    text(618, 64, "pictures", { at: "middle", fill: colours.soft }),
    box(636, 70, 190, 50, ["student: features f,", "logits, energy"], c),
    path(
      [
        [234, 120],
        [234, 165],
        [690, 165],
        [690, 124],
      ],
      colours.out,
    ),
    path(
      [
        [388, 120],
        [388, 145],
        [672, 145],
        [672, 124],
      ],
      colours.out,
    ),
    text(440, 182, "CLUB(o; f) and CLUB(s; f): numbers only, no outlier passes the student", {
      at: "middle",
      fill: colours.out,
    }),
    path(
      [
        [80, 70],
        [80, 40],
        [731, 40],
        [731, 68],
      ],
      colours.id,
    ),
    text(405, 35, "distillation: logits and features of the teacher on in-distribution pictures", {
      at: "middle",
      fill: colours.id,
    }),
  ]);
}

/** Which outlier meets which picture, and the direction in which the mean gradient moves features. */
function pairs() {
  const classes = [colours.id, colours.other, "#e2a33c"];
  const panels = ["random pairs", "pairs of a class"].map((title, panel) => {
    const x = 70 + 420 * panel;
    const rows = [0, 1, 2, 0, 1, 2];
    const order = panel === 0 ? [4, 2, 0, 5, 1, 3] : [3, 4, 5, 0, 1, 2];
    return [
      text(x + 130, 44, title, { at: "middle", weight: 600 }),
      rows.map((label, i) => [
        `<rect x="${x}" y="${58 + 24 * i}" width="26" height="16" rx="3" fill="${classes[label]}"/>`,
        dot(x + 150, 66 + 24 * i, 7, classes[label], 'fill-opacity="0.45"'),
        line(x + 28, 66 + 24 * i, x + 142, 66 + 24 * order[i], colours.soft),
      ]),
      text(x + 13, 220, "features f", { at: "middle", fill: colours.soft }),
      text(x + 150, 220, "outliers o", { at: "middle", fill: colours.soft }),
      (panel === 0
        ? ["every f meets every o", "equally often:", "mean gradient 0"]
        : ["o says the class of f:", "features move towards", "their common mean"]
      ).map((words, i) => text(x + 180, 112 + 18 * i, words)),
    ];
  });
  return svg(850, 236, "Pairing", [
    text(20, 18, "What is paired decides what the bound is about", { weight: 600, size: 14 }),
    panels,
  ]);
}

const results = JSON.parse(readFileSync(`${folder}club.json`, "utf8"));
const figures = {
  estimator: estimator(results),
  boundary: await boundary(),
  pipeline: pipeline(),
  pairs: pairs(),
};
for (const [name, drawing] of Object.entries(figures)) writeFileSync(`${folder}${name}.svg`, drawing);
