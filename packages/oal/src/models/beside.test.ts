/** What lies beside a model: class names in the forms that people have, and the files of hubs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readBeside } from "./beside.js";
import { classesOfText, classNamesOf } from "./classNames.js";
import { refuseOtherFormats } from "./otherFormats.js";

const root = mkdtempSync(join(tmpdir(), "oal-beside-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

/** A folder with files, and the path of a model in it. */
function place(files: Readonly<Record<string, string>>, model = "model.onnx"): string {
  const folder = join(root, String(count++));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  mkdirSync(join(folder, model, ".."), { recursive: true });
  return join(folder, model);
}

describe("a list of class names", () => {
  it.each([
    ["one a line", "ant\nbee\r\n\ncat, house cat\n", ["ant", "bee", "cat, house cat"]],
    [
      "with WordNet's ids",
      "n01440764 tench, Tinca tinca\nn01443537 goldfish\n",
      ["tench, Tinca tinca", "goldfish"],
    ],
    ["numbered", "0: ant\n1: bee\n", ["ant", "bee"]],
    ["numbered from one, with spaces", "1 ant\n2 bee lion\n", ["ant", "bee lion"]],
    [
      "names that begin with numbers",
      "7 spot ladybird\n0 point energy\n",
      ["7 spot ladybird", "0 point energy"],
    ],
    ["in one line", "ant,bee, cat", ["ant", "bee", "cat"]],
    ["a JSON list", '["ant", "bee"]', ["ant", "bee"]],
    ["JSON by number", '{"1": "bee", "0": "ant", "10": "cat"}', ["ant", "bee", "cat"]],
    ["JSON by name", '{"bee": 1, "ant": 0}', ["ant", "bee"]],
    ["Keras's index", '{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}', ["tench", "goldfish"]],
    ["Ultralytics's dictionary", "{0: 'ant', 1: 'bee\\'s'}", ["ant", "bee's"]],
    ["with a byte order mark", "\uFEFFant\nbee", ["ant", "bee"]],
  ])("%s", (_name, text, names) => expect(classesOfText(text).map(({ name }) => name)).toEqual(names));

  it.each([
    ["before the names", "n01440764 tench, Tinca tinca\nn01443537 goldfish\n"],
    ["numbered too", "0: n01440764 tench, Tinca tinca\n1: n01443537 goldfish\n"],
    ["of Keras's index", '{"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}'],
  ])("keeps WordNet's ids %s", (_name, text) =>
    expect(classesOfText(text).map(({ aliases }) => aliases)).toEqual([["n01440764"], ["n01443537"]]),
  );

  it("is taken from where it fits: config.json, the file's metadata, a list beside it", () => {
    const found = (files: Record<string, string>, metadata: Record<string, string> = {}, classes = 2) =>
      classNamesOf(undefined, readBeside(place(files)), new Map(Object.entries(metadata)), classes);
    const names = (...given: Parameters<typeof found>) => {
      const list = found(...given);
      return list && { names: list.classes.map(({ name }) => name), from: list.from };
    };
    const lists = { "labels.txt": "a\nb\n", "config.json": '{"id2label": {"0": "ant", "1": "bee"}}' };
    expect(names(lists)).toEqual({ names: ["ant", "bee"], from: "config.json" });
    expect(names({ "labels.txt": "a\nb\n" }, { names: "{0: 'x', 1: 'y'}" })?.from).toContain(
      "metadata (names)",
    );
    expect(names({ "labels.txt": "a\nb\nc\n", "classes.txt": "a\nb\n" })?.from).toBe("classes.txt");
    expect(names({ "labels.txt": "background\na\nb\n" })?.names).toEqual(["a", "b"]);
    expect(names({ "labels.txt": "a\nb\nc\n" })).toBeNull();
  });

  it("that is given must fit", () => {
    const path = place({ "my.txt": "a\nb\nc\n" });
    const given = join(path, "..", "my.txt");
    expect(classNamesOf(given, {}, new Map(), 3)?.classes.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(() => classNamesOf(given, {}, new Map(), 4)).toThrowError(
      expect.objectContaining({
        code: "OAL-I148",
        message: expect.stringContaining("it has 4 classes, but there are 3 names in"),
      }),
    );
    expect(() => classNamesOf(["a"], {}, new Map(), 4)).toThrow("but there is 1 name in the list given");
    expect(() => classNamesOf(join(path, "none"), {}, new Map(), 4)).toThrowError(
      expect.objectContaining({ code: "OAL-I112" }),
    );
  });
});

describe("preprocessor_config.json and config.json", () => {
  it("say size, cut, filter and numbers, also one folder up", () => {
    const vit = {
      do_normalize: true,
      image_mean: [0.5, 0.4, 0.3],
      image_std: [0.5, 0.25, 0.2],
      size: { height: 224, width: 224 },
      resample: 3,
    };
    expect(
      readBeside(place({ "preprocessor_config.json": JSON.stringify(vit) }, "onnx/model.onnx")),
    ).toMatchObject({
      normalisation: { mean: [0.5, 0.4, 0.3], std: [0.5, 0.25, 0.2] },
      preprocessing: { resize: [224, 224], crop: 224, interpolation: "bicubic" },
    });
    const of = (config: object) => readBeside(place({ "preprocessor_config.json": JSON.stringify(config) }));
    expect(of({ size: { shortest_edge: 256 }, crop_size: 224, resample: 2 }).preprocessing).toEqual({
      resize: 256,
      crop: 224,
      interpolation: "bilinear",
    });
    expect(of({ size: { height: 256, width: 288 }, crop_size: 224 }).preprocessing).toMatchObject({
      resize: [256, 288],
      crop: 224,
    });
    expect(() => of({ size: { height: 256, width: 288 } })).toThrow(
      expect.objectContaining({ code: "OAL-I150", message: expect.stringContaining("256 x 288") }),
    );
    expect(of({ size: { shortest_edge: 224 }, crop_pct: 0.875 }).preprocessing).toMatchObject({
      resize: 256,
      crop: 224,
    });
  });

  it("squeeze whole pictures where one number means a square", () => {
    const of = (config: object) =>
      readBeside(place({ "preprocessor_config.json": JSON.stringify(config) })).preprocessing;
    // one number is a side of the square for some, the shortest edge for others
    expect(of({ feature_extractor_type: "ViTFeatureExtractor", size: 224 })?.resize).toEqual([224, 224]);
    const deit = { image_processor_type: "DeiTImageProcessor", size: 256, crop_size: 224 };
    expect(of(deit)).toMatchObject({ resize: [256, 256], crop: 224 });
    expect(of({ feature_extractor_type: "CLIPFeatureExtractor", size: 224 })?.resize).toBe(224);
    expect(of({ size: 224 })?.resize).toBe(224);
  });

  it("are read as the processor that they name does, each in its way", () => {
    const of = (config: object) => readBeside(place({ "preprocessor_config.json": JSON.stringify(config) }));
    const cut = (config: object) => of(config).preprocessing;
    // ConvNeXT takes the centre below 384 pixels, and whole pictures from there on
    const convnext = { feature_extractor_type: "ConvNextFeatureExtractor", crop_pct: null };
    expect(cut({ ...convnext, size: 224 })).toMatchObject({ resize: 256, crop: 224 });
    expect(cut({ ...convnext, size: { shortest_edge: 383 } })).toMatchObject({ resize: 437, crop: 383 });
    expect(cut({ ...convnext, size: { shortest_edge: 384 } })).toMatchObject({
      resize: [384, 384],
      crop: 384,
    });
    const poolformer = { image_processor_type: "PoolFormerImageProcessor", crop_pct: 0.9, crop_size: 224 };
    for (const size of [{ shortest_edge: 224 }, { height: 224, width: 224 }])
      expect(cut({ ...poolformer, size })).toMatchObject({ resize: 248, crop: 224 });
    const levit = { image_processor_type: "LevitImageProcessor", crop_size: { height: 224, width: 224 } };
    expect(cut({ ...levit, size: { shortest_edge: 224 } })).toMatchObject({ resize: 256, crop: 224 });
    // MobileViT takes blue, green, red of 0..1
    const mobilevit = { feature_extractor_type: "MobileViTFeatureExtractor", size: 288, crop_size: 256 };
    expect(of(mobilevit)).toMatchObject({
      normalisation: { mean: [0, 0, 0], std: [1, 1, 1], order: "bgr" },
      preprocessing: { resize: 288, crop: 256 },
    });
    expect(of({ ...mobilevit, do_flip_channel_order: false }).normalisation?.order).toBeUndefined();
    // EfficientNet's deviations are the square roots of ImageNet's, and divided by twice
    const efficientnet = {
      image_processor_type: "EfficientNetImageProcessor",
      image_mean: [0.485, 0.456, 0.406],
      image_std: [0.47853944, 0.4732864, 0.47434163],
      resample: 0,
      size: { height: 224, width: 224 },
    };
    expect(of(efficientnet).preprocessing).toEqual({
      resize: [224, 224],
      crop: 224,
      interpolation: "nearest",
    });
    const close = (values: readonly number[]): unknown[] =>
      values.map((value): unknown => expect.closeTo(value, 7));
    const { mean, std } = of(efficientnet).normalisation ?? {};
    expect([mean, std]).toEqual([efficientnet.image_mean, close([0.229, 0.224, 0.225])]);
    expect(of({ ...efficientnet, include_top: false }).normalisation?.std).toEqual(efficientnet.image_std);
    expect(of({ ...efficientnet, do_normalize: false }).normalisation).toMatchObject({
      mean: [0, 0, 0],
      std: efficientnet.image_std,
    });
    // pixel / 127.5 - 1, and nothing more
    const offset = { rescale_factor: 1 / 127.5, rescale_offset: true, do_normalize: false };
    const half = close([0.5, 0.5, 0.5]);
    expect(of(offset).normalisation).toMatchObject({ mean: half, std: half });
  });

  it("say where a filter or a cut is not what oal has, which takes what comes nearest", () => {
    const shown = (name: string, config: object): unknown => {
      const { preprocessing } = readBeside(place({ [name]: JSON.stringify(config) }));
      return [preprocessing?.interpolation, preprocessing?.approximated ?? {}];
    };
    const processor = (resample: number): unknown =>
      shown("preprocessor_config.json", { size: 224, resample });
    const timm = (more: object): unknown =>
      shown("config.json", { pretrained_cfg: { input_size: [3, 224, 224], ...more } });
    const instead = (filter: string): unknown => ({
      interpolation: expect.stringContaining(`resizes pictures by ${filter}, which oal has not`),
    });
    expect(processor(3)).toEqual(["bicubic", {}]);
    expect(processor(1)).toEqual(["bicubic", instead("lanczos")]);
    expect(processor(4)).toEqual(["bilinear", instead("box")]);
    expect(timm({})).toEqual(["bicubic", {}]);
    expect(timm({ interpolation: "nearest" })).toEqual(["nearest", {}]);
    expect(timm({ interpolation: "lanczos" })).toEqual(["bicubic", instead("lanczos")]);
    expect(timm({ crop_mode: "border" })).toEqual([
      "bicubic",
      { resize: expect.stringContaining("pads pictures to a square") },
    ]);
  });

  it("say what is not done: no scaling, no normalisation", () => {
    const of = (config: object) =>
      readBeside(place({ "preprocessor_config.json": JSON.stringify(config) })).normalisation;
    expect(of({ do_normalize: false })).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1] });
    const raw = of({ do_normalize: false, do_rescale: false });
    expect(raw?.std[0]).toBeCloseTo(1 / 255, 12);
    // (p / 127.5 - 1) as TensorFlow's models have it: factor 1/127.5, mean 1
    const tf = of({ rescale_factor: 1 / 127.5, image_mean: [1, 1, 1], image_std: [1, 1, 1] });
    expect(tf?.mean[0]).toBeCloseTo(0.5, 12);
    expect(tf?.std[0]).toBeCloseTo(0.5, 12);
  });

  it("of timm, and broken ones", () => {
    const timm = {
      pretrained_cfg: {
        input_size: [3, 240, 240],
        mean: [0.1, 0.2, 0.3],
        std: [1, 1, 1],
        crop_pct: 0.95,
        interpolation: "bicubic",
      },
    };
    expect(readBeside(place({ "config.json": JSON.stringify(timm) }))).toMatchObject({
      normalisation: { mean: [0.1, 0.2, 0.3] },
      preprocessing: { resize: 252, crop: 240, interpolation: "bicubic" },
    });
    const { crop_pct: _, ...unsaid } = timm.pretrained_cfg;
    expect(readBeside(place({ "config.json": JSON.stringify({ pretrained_cfg: unsaid }) }))).toMatchObject({
      preprocessing: { resize: 274, crop: 240 },
    });
    const squashed = { pretrained_cfg: { ...timm.pretrained_cfg, crop_mode: "squash" } };
    expect(readBeside(place({ "config.json": JSON.stringify(squashed) })).preprocessing).toMatchObject({
      resize: [252, 252],
      crop: 240,
    });
    expect(() => readBeside(place({ "config.json": "{" }))).toThrow("it is no JSON");
    expect(() =>
      readBeside(place({ "preprocessor_config.json": '{"image_mean": [0.5], "image_std": [1]}' })),
    ).toThrowError(
      expect.objectContaining({ code: "OAL-I154", message: expect.stringContaining("image_mean") }),
    );
  });
});

describe("a model in another format", () => {
  it.each([
    ["model.gguf", "GGUF\u0003", "a GGUF file"],
    ["model.tflite", "\u001c\0\0\0TFL3", "tf2onnx.convert --tflite"],
    ["model.h5", "\u0089HDF\r\n", "tf2onnx.convert --keras"],
    ["model.pt", "PK\u0003\u0004", "torch.onnx.export"],
    ["model.pth", "\u0080\u0002", "a PyTorch file"],
    ["model.pb", "\n\u0005", "a TensorFlow graph"],
    ["model.tar", "anything", "unpack it"],
    ["model.ort", "\0\0\0\0ORTM", "an ONNX Runtime file"],
    ["model.onnx", "version https://git-lfs.github.com/spec/v1\n", "git lfs pull"],
  ])("%s is told by name, with the way to ONNX", async (name, bytes, words) => {
    const path = join(root, name);
    writeFileSync(path, Buffer.from(bytes, "latin1"));
    await expect(refuseOtherFormats(path)).rejects.toThrowError(
      expect.objectContaining({ code: "OAL-I151", message: expect.stringContaining(words) }),
    );
  });
});
