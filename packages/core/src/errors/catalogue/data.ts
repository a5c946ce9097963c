/** Family D: data that is missing, corrupt or contradictory (exit status 3). */
import { entry } from "../entry.js";

/** Names in a message: at most so many, then their number. */
const shownNames = 10;

function shortened(words: readonly string[]): string {
  const more = words.length - shownNames;
  return words.slice(0, shownNames).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function quoted(names: readonly string[]): string {
  return shortened(names.map((name) => `"${name}"`));
}

/** Lines below a message. */
function listed(lines: readonly string[]): string {
  const more = lines.length - 2 * shownNames;
  const shown = lines.slice(0, 2 * shownNames).map((line) => `\n  ${line}`);
  return shown.join("") + (more > 0 ? `\n  and ${more} more` : "");
}

/** A headed list with every name on a line of its own; nothing for an empty one. */
function everyOne(title: string, names: readonly string[]): string {
  return names.length === 0
    ? ""
    : `\n${title} (${names.length}):${names.map((name) => `\n  ${name}`).join("")}`;
}

export const dataErrors = {
  "OAL-D101": entry<{ path: string; what?: string }>({
    title: "path does not exist",
    exit: 3,
    message: ({ path, what }) => `${what === undefined ? "" : `${what} `}${path}: no such file or folder`,
    remedy: "check the spelling of the path",
  }),
  "OAL-D151": entry<{ label: number; count: number }>({
    title: "too few embeddings of a class",
    exit: 3,
    message: ({ label, count }) =>
      `boundary sampling: class ${label} has ${count} embedding(s), at least 2 are needed`,
    remedy: "give the class more images, or leave it out",
  }),
  "OAL-D152": entry<{ rejected: number }>({
    title: "no outlier embedding was left",
    exit: 3,
    message: ({ rejected }) =>
      `boundary sampling kept nothing; the global rejection dropped ${rejected} candidates`,
    remedy: "switch boundary.globalReject off, or raise boundary.sigma or boundary.noise",
  }),
  "OAL-D102": entry<{ file: string; problem: string }>({
    title: "image cannot be read",
    exit: 3,
    message: ({ file, problem }) => `${file}: ${problem}`,
    remedy: "replace or remove the image, or let --skip-bad N pass over up to N such images",
  }),
  "OAL-D103": entry<{ path: string; what: string }>({
    title: "no images",
    exit: 3,
    message: ({ path, what }) => `${path}: ${what}`,
    remedy:
      "images are expected as CLASS/*.jpg (or .png, .webp, .gif, .tif, .bmp, .avif), in a folder or in a .tar, .tar.gz or .zip of one",
  }),
  "OAL-D104": entry<{ path: string; classNames: readonly string[]; shared?: boolean }>({
    title: "empty class",
    exit: 3,
    message: ({ path, classNames, shared = false }) => {
      const what = shared ? "no image of its own" : "no image";
      const why = shared
        ? "; the images there lie under other classes too, and one that lies under several counts for none"
        : "";
      return classNames.length === 1
        ? `${path}: class "${classNames[0]}" has ${what}${why}`
        : `${path}: ${classNames.length} classes have ${what.replace("its", "their")}: ${quoted(classNames)}${why}`;
    },
    remedy:
      "put images into the class or remove its folder; keep an image that lies under several classes under one",
  }),
  "OAL-D105": entry<{ path: string; className: string }>({
    title: "single class",
    exit: 3,
    message: ({ path, className }) =>
      `${path}: "${className}" is the only class; a classifier needs at least two`,
    remedy: "give one sub-folder per class; a folder of images without classes can only serve as an OOD set",
  }),
  "OAL-D106": entry<{ path: string; problem: string }>({
    title: "not a data source",
    exit: 3,
    message: ({ path, problem }) => `${path}: ${problem}`,
    remedy:
      "give a folder of class folders, a .tar, .tar.gz or .zip of one, an image list with its root, IDX or CIFAR binary files",
  }),
  "OAL-D107": entry<{ list: string; line: number; problem: string }>({
    title: "bad line in an image list",
    exit: 3,
    message: ({ list, line, problem }) => `${list}:${line}: ${problem}`,
    remedy: "every line is: relative/path label, with label a class number from 0, or -1 for OOD",
  }),
  "OAL-D108": entry<{ where: string; label: string; classes: number }>({
    title: "label outside the classes",
    exit: 3,
    message: ({ where, label, classes }) => `${where}: label ${label} is not one of the ${classes} classes`,
    remedy: "correct the label, or name all classes",
  }),
  "OAL-D109": entry<{ path: string; problem: string }>({
    title: "archive or data file is damaged",
    exit: 3,
    message: ({ path, problem }) => `${path} is damaged: ${problem}`,
    remedy: "copy or download the file again",
  }),
  "OAL-D110": entry<{
    path: string;
    images: readonly { readonly id: string; readonly problem: string }[];
    limit: number;
  }>({
    title: "too many bad images",
    exit: 3,
    message: ({ path, images, limit }) =>
      `${path}: ${images.length} ${images.length === 1 ? "image" : "images"} cannot be read, --skip-bad allows ${limit}:` +
      listed(images.map(({ id, problem }) => `${id}: ${problem}`)),
    remedy: "replace or remove these images, or raise --skip-bad if so many may be left out",
  }),
  "OAL-D111": entry<{ path: string; files: readonly string[] }>({
    title: "image outside the class folders",
    exit: 3,
    message: ({ path, files }) =>
      files.length === 1
        ? `${path}: ${files[0]} lies in no class folder`
        : `${path}: ${files.length} images lie in no class folder: ${shortened(files)}`,
    remedy: "move it into the folder of its class, or remove it",
  }),
  "OAL-D112": entry<{
    name: string;
    classes: readonly { readonly className: string; readonly count: number }[];
    needed: number;
    parts: string;
  }>({
    title: "class too small",
    exit: 3,
    message: ({ name, classes, needed, parts }) => {
      const asked = `at least ${needed} are needed (${parts})`;
      const [first] = classes;
      return first !== undefined && classes.length === 1
        ? `${name}: class "${first.className}" has ${first.count} image(s), ${asked}`
        : `${name}: ${classes.length} classes have too few images, ${asked}: ` +
            shortened(classes.map(({ className, count }) => `"${className}" ${count}`));
    },
    remedy: "add images to the class, or leave it out; validation and test images can be given apart",
  }),
  "OAL-D140": entry<{
    what: string;
    /** `lines`: the message of each. */
    problems: readonly {
      readonly code: string;
      readonly lines: readonly string[];
      readonly remedy: string;
      readonly details: Readonly<Record<string, unknown>>;
    }[];
  }>({
    title: "several problems",
    exit: 3,
    message: ({ what, problems }) =>
      `${what}: ${problems.length} problems` +
      problems.map(({ code, lines, remedy }) => `\n  ${code} ${lines.join("\n  ")}\n    ${remedy}`).join(""),
    remedy:
      "nothing was trained yet; mend them all and run the same command again. oal data inspect with --check tells the same and tries every image",
  }),
  "OAL-D120": entry<{ path: string; first: string; second: string }>({
    title: "two class folders are one",
    exit: 3,
    message: ({ path, first, second }) =>
      `${path}: the folders "${first}" and "${second}" are one and the same folder, reached by a link`,
    remedy: "remove one of the links: the same images cannot belong to two classes",
  }),
  "OAL-D121": entry<{ path: string; problem: string }>({
    title: "folder cannot be read",
    exit: 3,
    message: ({ path, problem }) => `${path}: the folder cannot be read: ${problem}`,
    remedy: "check its permissions and whether it is still there",
  }),
  "OAL-D122": entry<{ path: string; file: string; problem: string }>({
    title: "broken entry beside the class folders",
    exit: 3,
    message: ({ path, file, problem }) => `${path}: ${file} may be a class, but it is ${problem}`,
    remedy: "mend the link, or remove it",
  }),
  "OAL-D123": entry<{ file: string; width: number; height: number; maxPixels: number }>({
    title: "image has too many pixels",
    exit: 3,
    message: ({ file, width, height, maxPixels }) =>
      `${file}: ${width} x ${height} pixels, more than the ${maxPixels} allowed`,
    remedy:
      "scale the image down or remove it; data.maxPixels raises the limit, --skip-bad N passes over up to N such images",
  }),
  "OAL-D141": entry<{ where: string; count: number }>({
    title: "image without a class in a set of known classes",
    exit: 3,
    message: ({ where, count }) =>
      `${where}: label -1, "of no class", in a set of known classes` +
      (count > 1 ? `; ${count} images have it` : ""),
    remedy: "correct the label or leave the line out; sets of unknown images belong in data.ood or --ood",
  }),
  "OAL-D142": entry<{ path: string; version: string; set: string }>({
    title: "a version of CIFAR that cannot be read",
    exit: 3,
    message: ({ path, version, set }) =>
      `${path}: this is the ${version} version of ${set}, which oal does not read`,
    remedy:
      "take the binary version, cifar-10-binary.tar.gz or cifar-100-binary.tar.gz, from https://www.cs.toronto.edu/~kriz/cifar.html; it is read as it is, packed or unpacked",
  }),
  "OAL-D143": entry<{ where: string; classNames: readonly string[]; known: number }>({
    title: "classes that training does not have",
    exit: 3,
    message: ({ where, classNames, known }) =>
      `${where}: ${quoted(classNames)} ${classNames.length === 1 ? "is" : "are"} not among the ${known} classes of training`,
    remedy: "remove these folders, or add images of the class to the training images",
  }),
  "OAL-D130": entry<{ path: string; problem: string }>({
    title: "archive or picture expands too far",
    exit: 3,
    message: ({ path, problem }) => `${path}: ${problem}`,
    remedy: "if you trust it, unpack it and give the folder; else remove what is named",
  }),
  "OAL-D131": entry<{ path: string; kind: string }>({
    title: "kind of archive that is not read",
    exit: 3,
    message: ({ path, kind }) => `${path} is ${kind}, which is not read`,
    remedy: "unpack it and give the folder, or pack the folder as .tar, .tar.gz or .zip",
  }),
  "OAL-D132": entry<{ path: string; member: string; count: number }>({
    title: "archive is encrypted",
    exit: 3,
    message: ({ path, member, count }) =>
      `${path}: all ${count} file(s) are encrypted with a password, the first: ${member}`,
    remedy: "unpack it with its password and give the folder",
  }),
  "OAL-D201": entry<{ first: string; second: string; count: number }>({
    title: "overlapping sets",
    exit: 3,
    message: ({ first, second, count }) =>
      `${count} image(s) of ${second} are pixel for pixel also in ${first}`,
    remedy: "remove the shared images from one of the sets; figures on overlapping sets are biased",
  }),
  "OAL-D150": entry<{ name: string; size: number }>({
    title: "size of an embedded set is not a whole number",
    exit: 3,
    message: ({ name, size }) => `the embedded set "${name}" cannot have ${size} images`,
    remedy: "give a whole number of at least 0",
  }),
  "OAL-D160": entry<{
    path: string;
    network: string;
    missing: readonly string[];
    unexpected: readonly string[];
    misShaped: readonly string[];
  }>({
    title: "weights of another network",
    exit: 3,
    // Every name is told: what is left out here would be looked for in vain.
    message: ({ path, network, missing, unexpected, misShaped }) =>
      `${path} does not fit ${network}` +
      everyOne("missing in the file", missing) +
      everyOne("in the file, but not in the network", unexpected) +
      everyOne("of another shape or kind", misShaped),
    remedy:
      "name the network that the weights were made for, with its widths, depth, patches, picture size and number of classes (oal list networks)",
  }),
  "OAL-D161": entry<{ path: string; what: string; target: string }>({
    title: "weights in another format",
    exit: 3,
    message: ({ path, what, target }) =>
      `${path} is ${what}, not a safetensors file; two lines of Python convert what PyTorch saved:\n` +
      `  import torch; from safetensors.torch import save_file; s = torch.load(${JSON.stringify(path)}, map_location="cpu", weights_only=True)\n` +
      `  save_file({k: v.clone().contiguous() for k, v in s.get("state_dict", s).items()}, ${JSON.stringify(target)})`,
    remedy: "give the .safetensors file; many models are published as one, under the name model.safetensors",
  }),
  "OAL-D170": entry<{ path: string; problem: string }>({
    title: "weights of an unknown network",
    exit: 3,
    message: ({ path, problem }) => `${path} holds weights without a network that fits them: ${problem}`,
    remedy:
      "weights of ResNet-18, -34, -50 and of vision transformers with a class token are read, under the names of torchvision or timm; export any other model as ONNX: torch.onnx.export(model.eval(), torch.zeros(1, 3, 224, 224), 'model.onnx', dynamo=False)",
  }),
  "OAL-D162": entry<{ model: string; cache: string; others: readonly string[] }>({
    title: "hub model is not on this machine",
    exit: 3,
    message: ({ model, cache, others }) =>
      `${model} is not in ${cache}` +
      (others.length === 0 ? "" : `; of this model there is ${shortened(others)}`),
    remedy: "oal models pull OWNER/NAME fetches it; oal models list shows what is there",
  }),
  "OAL-D163": entry<{ endpoint: string; what: string }>({
    title: "not on the hub",
    exit: 3,
    message: ({ endpoint, what }) => `${endpoint} has ${what}`,
    remedy: "check owner, name and revision; a private model needs a token (HF_TOKEN)",
  }),
  "OAL-D164": entry<{ model: string; endpoint: string; gated: boolean; asSomeone: boolean }>({
    title: "the hub refuses",
    exit: 3,
    message: ({ model, endpoint, gated, asSomeone }) =>
      `${endpoint} does not give ${model}: ` +
      (gated
        ? "its owner gives it to those who ask on its page"
        : asSomeone
          ? "it does not exist, or the token may not read it"
          : "it does not exist, or is private, and no token was sent"),
    remedy:
      "check the name; a token is read from HF_TOKEN or the hub's token file, and is sent over https only",
  }),
  "OAL-D165": entry<{ model: string; problem: string; files: readonly string[] }>({
    title: "which files of a hub model",
    exit: 3,
    message: ({ model, problem, files }) => `${model}: ${problem}; it has${listed(files)}`,
    remedy: "name a file with --file, as --file onnx/model_quantized.onnx; * stands for anything",
  }),
  "OAL-D166": entry<{ model: string; endpoint: string; problem: string }>({
    title: "the hub was not reached",
    exit: 3,
    message: ({ model, endpoint, problem }) => `${model} does not come from ${endpoint}: ${problem}`,
    remedy:
      "run the same command again, it goes on from what has come, if anything did; --endpoint or HF_ENDPOINT names a mirror; files from elsewhere serve as well, give their folder",
  }),
  "OAL-D167": entry<{ model: string; file: string; problem: string }>({
    title: "a fetched file is wrong",
    exit: 3,
    message: ({ model, file, problem }) => `${model}: ${file} came wrong: ${problem}`,
    remedy: "nothing of it was kept; fetch it again, from another mirror if it stays so",
  }),
  "OAL-D168": entry<{ model: string; endpoint: string; problem: string }>({
    title: "the hub answers strangely",
    exit: 3,
    message: ({ model, endpoint, problem }) => `${endpoint} asked for ${model}: ${problem}`,
    remedy:
      "check that --endpoint or HF_ENDPOINT is a hub, and that no login page of a network is in between",
  }),
  "OAL-D169": entry<{ what: string; claims: string; holder: string }>({
    title: "another process fetches it",
    exit: 3,
    message: ({ what, claims, holder }) =>
      `${what} is being fetched by another process: ${holder} (${claims})`,
    remedy:
      "wait for it; what a process leaves that is gone is free at once on this machine, and a minute after its last sign of life on another",
  }),
  "OAL-D171": entry<{ path: string; what: string; near?: string }>({
    title: "a file of a diffusion model is missing",
    exit: 3,
    message: ({ path, what, near }) =>
      `${path}: no such file; it holds ${what}` + (near === undefined ? "" : ` (there is ${near})`),
    remedy:
      "a diffusion model is a folder with unet/model.onnx, vae_decoder/model.onnx, text_encoder/model.onnx, tokenizer/ and scheduler/scheduler_config.json; docs/stable-diffusion.md tells how to get one",
  }),
  "OAL-D190": entry<{ protocol: string; root: string; problems: readonly string[] }>({
    title: "the data of a benchmark are not what its protocol says",
    exit: 3,
    message: ({ protocol, root, problems }) =>
      `${root} does not hold what ${protocol} needs: ${problems.slice(0, 3).join("; ")}` +
      (problems.length > 3 ? `; and ${problems.length - 3} more` : ""),
    remedy:
      "oal data check shows every set and where it is to be had; --partial measures the sets that are whole, and says so",
  }),
  "OAL-D172": entry<{ path: string; problem: string }>({
    title: "a part of a diffusion model does not fit its place",
    exit: 3,
    message: ({ path, problem }) => `${path}: ${problem}`,
    remedy:
      "give a text-to-image model of Stable Diffusion 1.x or 2.x as Optimum exports it; docs/stable-diffusion.md lists what every part takes and gives",
  }),
  "OAL-D173": entry<{ path: string; problem: string }>({
    title: "a text encoder that cannot be cut",
    exit: 3,
    message: ({ path, problem }) => `text encoder ${path}: ${problem}`,
    remedy:
      "export it without quantisation or fused embeddings: optimum-cli export onnx --model MODEL FOLDER",
  }),
  "OAL-D174": entry<{ path: string; problem: string }>({
    title: "a tokenizer of another kind",
    exit: 3,
    message: ({ path, problem }) => `tokenizer ${path}: ${problem}`,
    remedy: "give the tokenizer of the model's text encoder, CLIP's: vocab.json and merges.txt",
  }),
  "OAL-D175": entry<{ name: string; problem: string }>({
    title: "a class name that the tokenizer does not know",
    exit: 3,
    message: ({ name, problem }) => `the tokenizer does not know the class name "${name}": ${problem}`,
    remedy: "say what the class is called in prompts, in words: synthesis.names: {CLASS: name}",
  }),
  "OAL-D176": entry<{ name: string; piece: string; prompt: string }>({
    title: "nothing to replace in a prompt",
    exit: 3,
    message: ({ name, piece, prompt }) =>
      `"${piece}", the piece of "${name}" that the outlier shall stand for, does not occur in the prompt "${prompt}"`,
    remedy:
      "shorten the prompt, keep a space on both sides of <name>, or call the class by another name with synthesis.names",
  }),
  "OAL-D177": entry<{ path: string; found: string }>({
    title: "a diffusion model of another family",
    exit: 3,
    message: ({ path, found }) => `${path} holds ${found}; Stable Diffusion 1.x and 2.x as ONNX are taken`,
    remedy:
      "convert weights with: optimum-cli export onnx --model MODEL --task text-to-image FOLDER; docs/stable-diffusion.md names models that serve",
  }),
  "OAL-D178": entry<{ path: string; key: string; found: string; known: readonly string[] }>({
    title: "a diffusion model with noise that is not known",
    exit: 3,
    message: ({ path, key, found, known }) => `${path}: ${key} is ${found}; known are ${shortened(known)}`,
    remedy: "give the scheduler's configuration that the model was published with",
  }),
  "OAL-D179": entry<{ path: string; width: number; found: number }>({
    title: "outliers of another width than the text encoder",
    exit: 3,
    message: ({ path, width, found }) =>
      `the teacher's features have ${found} numbers, and the text encoder ${path} takes embeddings of ${width}`,
    remedy:
      "let the features be turned into its space with synthesis.align: true, or take a teacher of that width",
  }),
  "OAL-D180": entry<{ path: string }>({
    title: "an outlier source that is made of itself",
    exit: 2,
    message: ({ path }) => `outlier sources are put together in a circle: ${path}`,
    remedy: "take the one that is named twice out of its own members",
  }),
  "OAL-D187": entry<{ count: number; of: number }>({
    title: "outlier embeddings that nobody knows an anchor of",
    exit: 3,
    message: ({ count, of }) =>
      `source latents-far moves outlier embeddings away from the known pictures they were sampled around, and of ${count} of ${of} that picture is not known`,
    remedy:
      "let them be sampled: leave out boundary.outliers and boundary.standIn; or take another exposure.outliers",
  }),
  "OAL-D188": entry<{ source: string; problem: string }>({
    title: "a teacher that an outlier source cannot ask for gradients",
    exit: 3,
    message: ({ source, problem }) => `source ${source} needs gradients of the teacher, and ${problem}`,
    remedy: "take another teacher, or another exposure.outliers",
  }),
  "OAL-D189": entry<{ count: number; steps: number }>({
    title: "no embedding crosses a boundary",
    exit: 3,
    message: ({ count, steps }) =>
      `none of the ${count} embeddings of known pictures comes to another class within ${steps} steps`,
    remedy: "give more crossing.steps, or a larger crossing.step",
  }),
  "OAL-D181": entry<{ source: string; recipe: string; fault: string; sheet: string }>({
    title: "outliers that fail their audit",
    exit: 3,
    message: ({ source, recipe, fault, sheet }) =>
      `student ${recipe} would learn to call pictures of outlier source ${source} unknown, but ${fault}; ${sheet} shows them beside training pictures`,
    remedy:
      "show only those that the teacher is less sure of (section keep, docs/outliers.md), train a teacher that is hardly better than chance for longer, take another source (exposure.outliers), raise the limit, or train all the same with --allow-failed-audit",
  }),
  "OAL-D182": entry<{
    source: string;
    low: number;
    high: number;
    candidates: number;
    least: number;
    most: number;
  }>({
    title: "no outlier is kept",
    exit: 3,
    message: ({ source, low, high, candidates, least, most }) =>
      `keep.sources.${source} is [${low}, ${high}], but none of ${candidates} pictures lies between: the teacher is surer of them than of ${least.toFixed(3)} to ${most.toFixed(3)} of the known validation pictures`,
    remedy: "widen the bounds, or look at more pictures (keep.candidates)",
  }),
  "OAL-D184": entry<{ count: number; shared: string }>({
    title: "no real outlier picture is left",
    exit: 3,
    message: ({ count, shared }) =>
      `all ${count} pictures of folder.path are pixel for pixel in other sets of the run (${shared}), and none of them may be called unknown in training`,
    remedy: "give pictures that are in no other set, and of no known class",
  }),
  "OAL-D183": entry<{ source: string; classes: string }>({
    title: "no class may be changed",
    exit: 3,
    message: ({ source, classes }) =>
      `outlier source ${source} has no class left: the teacher is as sure of the changed validation pictures of ${classes} as of half of the unchanged ones`,
    remedy:
      "take another outlier source (exposure.outliers), or leave this one out of the union; where you know that changed pictures are of no class and the teacher is too weak to see it, --set audit.changed=1",
  }),
};
