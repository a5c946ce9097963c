// Seeded mutations of a file: turned bits, extreme lengths, cuts, splices. Trial k of a seed is always the same.
import { Random } from "oal-core";

/** What length fields are replaced by; the last ones are made of what the file really has. */
const extremes = (length, at) => [
  0n,
  1n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
  BigInt(length),
  BigInt(length + 1),
  BigInt(Math.max(0, length - at - 1)),
];
const numerals = [
  "-1",
  "0",
  "999999999999",
  "1e9",
  "1e400",
  "NaN",
  "18446744073709551615",
  "null",
  "[]",
  "{}",
];

/**
 * @param {Uint8Array} bytes an intact file
 * @param {string} seed
 * @param {number} trial
 * @returns {Buffer} the file with one to four faults
 */
export function mutate(bytes, seed, trial) {
  const random = new Random(0, seed);
  let draws = 0;
  const below = (count) => random.integer(trial, draws++, Math.max(1, count));
  let file = Buffer.from(bytes);
  const faults = 1 + below(4);
  for (let i = 0; i < faults; i++) {
    // headers and ends hold most of what is parsed
    const at =
      [
        below(file.length),
        below(Math.min(file.length, 64)),
        file.length - 1 - below(Math.min(file.length, 96)),
      ][below(3)] ?? 0;
    const kind = below(8);
    if (file.length === 0) break;
    if (kind <= 1) flipped(file, at, below);
    else if (kind === 2) file[at] = below(256);
    else if (kind === 3) writeNumber(file, at, below);
    else if (kind === 4) file = file.subarray(0, at);
    else if (kind === 5) {
      const from = below(file.length);
      const piece = file.subarray(from, from + 1 + below(64));
      file = Buffer.concat([file.subarray(0, at), piece, file.subarray(at)]);
    } else if (kind === 6) file = Buffer.concat([file.subarray(0, at), file.subarray(at + 1 + below(64))]);
    else file = otherNumeral(file, at, below);
  }
  return Buffer.from(file);
}

function flipped(file, at, below) {
  file[at] = (file[at] ?? 0) ^ (1 << below(8));
  return file;
}

/** An extreme in one, two, four or eight bytes, in either order, or as a protobuf number. */
function writeNumber(file, at, below) {
  const choices = extremes(file.length, at);
  let value = choices[below(choices.length)] ?? 0n;
  const size = [1, 2, 4, 8, 0][below(5)] ?? 0;
  const isBig = below(2) === 0;
  if (size === 0)
    for (let i = at; i < Math.min(file.length, at + 10); i++, value >>= 7n) {
      file[i] = Number(value & 127n) | (value > 127n ? 128 : 0);
      if (value <= 127n) return;
    }
  for (let i = 0; i < size && at + i < file.length; i++) {
    const place = BigInt(8 * (isBig ? size - 1 - i : i));
    file[at + i] = Number((value >> place) & 255n);
  }
}

/** The next number written in digits (JSON, octal of tar, npy's header) becomes another. */
function otherNumeral(file, at, below) {
  const found = /\d+/.exec(file.subarray(at, at + 4096).toString("latin1"));
  if (!found) return flipped(file, at, below);
  const start = at + found.index;
  const numeral = Buffer.from(numerals[below(numerals.length)] ?? "");
  return Buffer.concat([file.subarray(0, start), numeral, file.subarray(start + found[0].length)]);
}
