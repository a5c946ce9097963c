// Cases of growth: the same work at several sizes, each in a process of its own. Linear is where the time of one unit stays the same;
// bounded is where the peak memory does.

/** 1000 as "10^3", 128 as "128". */
export function sizeName(size) {
  const exponent = Math.log10(size);
  return Number.isInteger(exponent) && size >= 1000 ? `10^${exponent}` : String(size);
}

/**
 * A case.
 *
 * @param unit what one of a size is, such as "µs an image"; times are per one of them
 * @param sizes from small to large
 * @param small the two sizes of a short run: for the first two contestants
 * @param make makes a contestant from size, settings and folder
 * @param from the size that the largest is compared with: the first where fixed costs no longer show
 */
export function growthCase({
  title,
  unit,
  settings = {},
  sizes,
  small,
  from = sizes[1],
  make,
  prepare,
  variant = false,
}) {
  const actual = (given, size) => (given.small ? given.small[size === sizes[0] ? 0 : 1] : size);
  const contestants = sizes.map((size, i) => [
    sizeName(size),
    {
      variant: i > 1,
      repetitions: i === sizes.length - 1 ? 2 : 3,
      // times are kept in ms
      work: (given) => actual(given, size) / (unit.startsWith("µs") ? 1000 : 1),
      make: (given, folder) => make(actual(given, size), given, folder),
    },
  ]);
  return {
    variant,
    title,
    unit,
    warm: false,
    repetitions: 3,
    settings,
    short: { small },
    ...(prepare
      ? {
          prepare: async (given, folder) => {
            const wanted = given.small ?? sizes;
            for (const size of wanted) await prepare(size, given, folder);
          },
        }
      : {}),
    contestants: Object.fromEntries(contestants),
    ratios: () => [
      {
        of: sizeName(sizes.at(-1)),
        over: sizeName(from),
        called: `one of ${sizeName(sizes.at(-1))} : one of ${sizeName(from)}`,
      },
    ],
  };
}
