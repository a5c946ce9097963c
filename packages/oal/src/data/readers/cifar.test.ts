import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { OalError } from "oal-core";
import { afterAll, expect, test } from "vitest";
import type { ImageSet } from "../imageSet.js";
import { completeParts, partFor, partsOf, type SplitSets } from "../split.js";
import type { SourceSpec } from "./reader.js";
import { tarBytes } from "../../testing/archives.js";
import { prepareImageSet, type PrepareOptions } from "../cache.js";
import { readerOf } from "./index.js";

const root = mkdtempSync(join(tmpdir(), "oal-cifar-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Rows of 1 or 2 label bytes and one colour. */
const rows = (labels: readonly (readonly number[])[], colour: number): Buffer =>
  Buffer.concat(labels.map((label) => Buffer.concat([Buffer.from(label), Buffer.alloc(3072, colour)])));

function write(folder: string, files: Record<string, Uint8Array | string>): string {
  mkdirSync(join(root, folder), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, folder, name), content);
  return join(root, folder);
}

/** Ten images of each of two classes in every training batch, four in the test batch. */
const ten = {
  "batches.meta.txt": "plane\ncar\n\n",
  "data_batch_1.bin": rows(
    Array.from({ length: 20 }, (_, i) => [i % 2]),
    10,
  ),
  "data_batch_2.bin": rows(
    Array.from({ length: 20 }, (_, i) => [i % 2]),
    20,
  ),
  "test_batch.bin": rows([[0], [1], [1], [0]], 200),
};
const hundred = {
  "train.bin": rows(
    [
      [0, 7],
      [1, 99],
      [0, 3],
    ],
    30,
  ),
  "test.bin": rows(
    [
      [0, 7],
      [1, 99],
    ],
    250,
  ),
};

const options = (): PrepareOptions => ({ cacheDir: join(root, "cache"), size: 32 });

/** The parts of a source, decoded. */
async function prepareSplits(spec: SourceSpec, options: PrepareOptions, seed: number): Promise<SplitSets> {
  const parts = await partsOf(spec);
  const train = await prepareImageSet(parts.train, options);
  const own = (part: SourceSpec | undefined): Promise<ImageSet> | undefined =>
    part && prepareImageSet({ ...part, classes: train.classNames }, options);
  return completeParts(train, { validation: await own(parts.validation), test: await own(parts.test) }, seed);
}

async function refusal(result: Promise<unknown>): Promise<string> {
  const error: unknown = await result.then(
    () => undefined,
    (e: unknown) => e,
  );
  return error instanceof OalError ? `${error.code} ${error.message}; ${error.remedy}` : String(error);
}

test("a folder as downloaded: the official test file is the test, only validation is split off", async () => {
  const path = write("one/cifar-10-batches-bin", ten);
  for (const place of [path, join(root, "one")]) {
    const { train, validation, test: own } = await prepareSplits({ path: place, name: "id" }, options(), 0);
    expect(own.ids).toEqual(["test_batch/0", "test_batch/1", "test_batch/2", "test_batch/3"]);
    expect(Array.from(own.labels)).toEqual([0, 1, 1, 0]);
    expect([...own.read([0]).subarray(0, 2)]).toEqual([200, 200]);
    expect([train.count, validation.count]).toEqual([34, 6]);
    expect(train.classNames).toEqual(["plane", "car"]);
  }
});

test("as unknown images, the official test images; a named part is taken as named", async () => {
  const path = write("two/cifar-100-binary", hundred);
  const ids = async (split?: string): Promise<readonly string[]> => {
    const spec = await partFor({ path, name: "far", labels: "ood", split }, "ood");
    return (await prepareImageSet(spec, options())).ids;
  };
  expect(await ids()).toEqual(["test/0", "test/1"]);
  expect(await ids("train")).toEqual(["train/0", "train/1", "train/2"]);
  expect(await refusal(ids("val"))).toContain(
    "OAL-D103 " + path + ': there is no part "val", only train and test',
  );
});

test("the archive as downloaded gives what the folder gives", async () => {
  const entries = Object.entries(hundred).map(([name, body]) => ({
    name: `cifar-100-binary/${name}`,
    body,
  }));
  const path = join(root, "cifar-100-binary.tar.gz");
  writeFileSync(path, gzipSync(tarBytes(entries)));
  const spec = await partFor({ path, name: "far", labels: "ood" }, "ood");
  expect((await prepareImageSet(spec, options())).ids).toEqual(["test/0", "test/1"]);
});

test("one file alone is read whole, with the class names beside it", async () => {
  const path = write("three", { ...ten });
  const set = await prepareImageSet({ path: join(path, "test_batch.bin"), name: "t" }, options());
  expect([set.count, set.classNames]).toEqual([4, ["plane", "car"]]);
  const renamed = write("four", {
    "mine.bin": rows(
      [
        [0, 1],
        [5, 42],
      ],
      1,
    ),
  });
  const spec = { path: join(renamed, "mine.bin"), name: "t" };
  expect(Array.from((await (await readerOf(spec)).open(spec)).labels)).toEqual([1, 42]);
});

test("two downloads in one folder are not mixed", async () => {
  write("both/cifar-10-batches-bin", ten);
  write("both/cifar-100-binary", hundred);
  expect(await refusal(prepareSplits({ path: join(root, "both"), name: "id" }, options(), 0))).toContain(
    "cifar-10-batches-bin and cifar-100-binary; name one of these folders",
  );
});

test("the Python and MATLAB versions are refused with the name of the right download", async () => {
  const python = write("py/cifar-10-batches-py", { data_batch_1: "x", test_batch: "x", "batches.meta": "x" });
  const fine = write("py100/cifar-100-python", { train: "x", test: "x", meta: "x" });
  const matlab = write("mat/cifar-10-batches-mat", { "data_batch_1.mat": "x", "batches.meta.mat": "x" });
  const archives = write("archives", {
    "cifar-10-python.tar.gz": "x",
    "cifar-100-matlab.tar.gz": "x",
  });
  const cases = [
    [python, "Python version of CIFAR-10,"],
    [join(root, "py"), "Python version of CIFAR-10,"],
    [join(python, "data_batch_1"), "Python version of CIFAR-10,"],
    [fine, "Python version of CIFAR-100,"],
    [matlab, "MATLAB version of CIFAR-10,"],
    [join(archives, "cifar-10-python.tar.gz"), "Python version of CIFAR-10,"],
    [join(archives, "cifar-100-matlab.tar.gz"), "MATLAB version of CIFAR-100,"],
  ] as const;
  for (const [path, words] of cases) {
    const said = await refusal(prepareSplits({ path, name: "id" }, options(), 0));
    expect(said).toMatch(/^OAL-D142 .*cifar-10-binary\.tar\.gz/);
    expect(said).toContain(words);
    expect(await refusal(prepareImageSet({ path, name: "far", labels: "ood" }, options()))).toContain(words);
  }
});

test("folders that only sound alike are no CIFAR", async () => {
  const path = write("plain/train", { "a.png": "x" });
  write("plain/test", { "a.png": "x" });
  write("plain/meta", { "a.png": "x" });
  expect((await readerOf({ path: join(path, ".."), name: "x" })).id).toBe("imageFolder");
});
