/**
 * PixMix: pictures mixed with changed copies of themselves and with structured pictures that belong to no class, on 8-bit pixels. Every
 * choice is read from numbers that are handed in.
 */

/** How pictures are mixed. */
export interface PixMixSpec {
  /** Most mixing rounds; their number is drawn from 0 to this. */
  readonly rounds: number;
  /** β: how little a round changes; the shares are of Beta(β, 1) and Beta(1, β). */
  readonly beta: number;
  /** Strength of the changes of the copies, in tenths of the strongest. */
  readonly severity: number;
}

const forStart = 4;
const perRound = 8;

/** How many uniform numbers `pixMix` reads. */
export function pixMixDraws({ rounds }: PixMixSpec): number {
  return 1 + forStart + rounds * perRound;
}

/**
 * Mixes one picture: begins with it or, as likely, a changed copy; then as many rounds as drawn, each with a changed copy or a mixing picture
 * (as likely), by weighted addition or multiplication (as likely), cut to [0, 1]. With v and w in [0, 1] and shares (a, b) that are
 * (Beta(β, 1), Beta(1, β)) or (1 + Beta(1, β), -Beta(1, β)): addition (a (2v - 1) + b (2w - 1) + 1) / 2, multiplication (2v)^a (2w)^b / 2.
 *
 * @param picture uint8 [3, side, side]
 * @param mixing a mixing picture of larger or equal side for each round that asks: uint8 [3, mixingSide, mixingSide], by a number in [0, 1)
 * @param draws `pixMixDraws(spec)` uniform numbers
 * @param out receives the result, may be `picture`
 * @source Hendrycks et al. 2022, PixMix: Dreamlike Pictures Comprehensively Improve Safety Measures, figure 4 and its code
 */
export function pixMix(
  picture: Uint8Array,
  side: number,
  mixing: { readonly side: number; readonly at: (draw: number) => Uint8Array },
  draws: Float32Array,
  spec: PixMixSpec,
  out: Uint8Array,
): void {
  let read = 0;
  const next = (): number => draws[read++] ?? 0;
  const rounds = Math.floor(next() * (spec.rounds + 1));
  const copy = (): Uint8Array => changed(picture, side, next(), next(), next(), spec.severity);
  const isCopied = next() < 0.5;
  const start = copy();
  const values = Float32Array.from(isCopied ? start : picture, (level) => level / 255);
  for (let round = 0; round < rounds; round++) {
    read = 1 + forStart + round * perRound;
    const [isCopy, isSum, isMore, first, second] = [
      next() < 0.5,
      next() < 0.5,
      next() >= 0.5,
      next(),
      next(),
    ];
    const partner = isCopy ? copy() : cropped(mixing.at(next()), mixing.side, side, next(), next());
    const [long, short] = [1 - (1 - first) ** (1 / spec.beta), 1 - (1 - second) ** (1 / spec.beta)];
    // u^(1/β) is Beta(β, 1), and 1 less it Beta(1, β)
    const [a, b] = isMore ? [1 + long, -short] : [(1 - first) ** (1 / spec.beta), short];
    for (let i = 0; i < values.length; i++) {
      const [v, w] = [values[i] ?? 0, (partner[i] ?? 0) / 255];
      const mixed = isSum
        ? (a * (2 * v - 1) + b * (2 * w - 1) + 1) / 2
        : ((2 * v) ** a * (2 * Math.max(w, 1e-37)) ** b) / 2;
      values[i] = Math.min(1, Math.max(0, mixed));
    }
  }
  for (let i = 0; i < values.length; i++) out[i] = Math.round((values[i] ?? 0) * 255);
}

/** A square of a larger picture, at a drawn place. */
function cropped(from: Uint8Array, fromSide: number, side: number, down: number, right: number): Uint8Array {
  const [top, left] = [down, right].map((draw) => Math.floor(draw * (fromSide - side + 1)));
  const out = new Uint8Array(3 * side * side);
  for (let row = 0; row < 3 * side; row++) {
    const [channel, y] = [Math.floor(row / side), row % side];
    const start = (channel * fromSide + y + (top ?? 0)) * fromSide + (left ?? 0);
    out.set(from.subarray(start, start + side), row * side);
  }
  return out;
}

type Change = (picture: Uint8Array, side: number, level: number, sign: number) => Uint8Array;

/**
 * A copy of a picture, changed by one of nine operations: levels stretched, equalised, posterised or solarised; turned, sheared or moved.
 *
 * @param which,strength,direction uniform numbers
 */
function changed(
  picture: Uint8Array,
  side: number,
  which: number,
  strength: number,
  direction: number,
  severity: number,
): Uint8Array {
  const change = changes[Math.floor(which * changes.length)] ?? stretched;
  // tenths of the strongest, from 0.1 to the severity, as in AugMix
  const level = (0.1 + strength * (severity - 0.1)) / 10;
  return change(picture, side, level, direction < 0.5 ? -1 : 1);
}

/** Each level through a table of its channel. */
function throughTables(picture: Uint8Array, tableOf: (channel: Uint8Array) => ArrayLike<number>): Uint8Array {
  const plane = picture.length / 3;
  const out = new Uint8Array(picture.length);
  for (let c = 0; c < 3; c++) {
    const channel = picture.subarray(c * plane, (c + 1) * plane);
    const table = tableOf(channel);
    for (let i = 0; i < plane; i++) out[c * plane + i] = table[channel[i] ?? 0] ?? 0;
  }
  return out;
}

const levels = (of: (level: number) => number): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, v) => of(v));

/** Every channel from black to white. */
const stretched: Change = (picture) =>
  throughTables(picture, (channel) => {
    const [low, high] = [
      channel.reduce((a, b) => Math.min(a, b), 255),
      channel.reduce((a, b) => Math.max(a, b), 0),
    ];
    if (high <= low) return levels((v) => v);
    return levels((v) => Math.min(255, Math.max(0, Math.floor(((v - low) * 255) / (high - low)))));
  });

/** Every channel's levels as often as each other, as far as that goes: Pillow's rule. */
const equalised: Change = (picture) =>
  throughTables(picture, (channel) => {
    const counts = Array.from({ length: 256 }, () => 0);
    for (const level of channel) counts[level] = (counts[level] ?? 0) + 1;
    const there = counts.filter((count) => count > 0);
    const step = Math.floor((channel.length - (there.at(-1) ?? 0)) / 255);
    if (there.length <= 1 || step === 0) return levels((v) => v);
    let sum = Math.floor(step / 2);
    return levels((v) => {
      const level = Math.min(255, Math.floor(sum / step));
      sum += counts[v] ?? 0;
      return level;
    });
  });

/** The upper bits alone: four of them, or three. */
const posterised: Change = (picture, _side, level) => {
  const low = 8 - (4 - Math.floor(level * 4));
  return throughTables(picture, () => levels((v) => (v >> low) << low));
};

/** Levels from a threshold on turned round. */
const solarised: Change = (picture, _side, level) => {
  const threshold = 256 - Math.floor(level * 256);
  return throughTables(picture, () => levels((v) => (v < threshold ? v : 255 - v)));
};

/** Up to 30 degrees at the full level. */
const turned: Change = (picture, side, level, sign) => {
  const angle = (sign * Math.floor(level * 30) * Math.PI) / 180;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const centre = side / 2;
  const shift = (a: number, b: number): number => centre - a * centre - b * centre;
  return affine(picture, side, [c, s, shift(c, s), -s, c, shift(-s, c)]);
};

const sheared =
  (isAcross: boolean): Change =>
  (picture, side, level, sign) => {
    const slope = sign * level * 0.3;
    return affine(picture, side, isAcross ? [1, slope, 0, 0, 1, 0] : [1, 0, 0, slope, 1, 0]);
  };

const moved =
  (isAcross: boolean): Change =>
  (picture, side, level, sign) => {
    const by = sign * Math.floor((level * side) / 3);
    return affine(picture, side, isAcross ? [1, 0, by, 0, 1, 0] : [1, 0, 0, 0, 1, by]);
  };

const changes: readonly Change[] = [
  stretched,
  equalised,
  posterised,
  turned,
  solarised,
  sheared(true),
  sheared(false),
  moved(true),
  moved(false),
];

/** Each pixel from where the map sends its centre, between four neighbours; black outside: Pillow's bilinear transform. */
function affine(
  picture: Uint8Array,
  side: number,
  [a, b, c, d, e, f]: readonly [number, number, number, number, number, number],
): Uint8Array {
  const plane = side * side;
  const out = new Uint8Array(picture.length);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const fromX = a * (x + 0.5) + b * (y + 0.5) + c;
      const fromY = d * (x + 0.5) + e * (y + 0.5) + f;
      if (fromX < 0 || fromX >= side || fromY < 0 || fromY >= side) continue;
      const [left, top] = [Math.floor(fromX - 0.5), Math.floor(fromY - 0.5)];
      const [dx, dy] = [fromX - 0.5 - left, fromY - 0.5 - top];
      const at = (row: number, column: number): number =>
        Math.min(side - 1, Math.max(0, row)) * side + Math.min(side - 1, Math.max(0, column));
      const [p, q, r, s] = [at(top, left), at(top, left + 1), at(top + 1, left), at(top + 1, left + 1)];
      for (let channel = 0; channel < 3; channel++) {
        const from = channel * plane;
        const upper = (picture[from + p] ?? 0) * (1 - dx) + (picture[from + q] ?? 0) * dx;
        const lower = (picture[from + r] ?? 0) * (1 - dx) + (picture[from + s] ?? 0) * dx;
        out[from + y * side + x] = Math.floor(upper * (1 - dy) + lower * dy);
      }
    }
  }
  return out;
}
