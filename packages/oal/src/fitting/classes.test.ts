/** Folders are found among a model's classes whatever the spelling, and never guessed. */
import { describe, expect, it } from "vitest";
import { matchNames } from "./classes.js";

const imagenet = [
  "tench, Tinca tinca",
  "goldfish, Carassius auratus",
  "crane",
  "crane",
  "n02123045 tabby, tabby cat",
  "grand piano, grand",
];

describe("names of folders", () => {
  it.each([
    [
      ["tench", "Goldfish"],
      [0, 1],
    ],
    [
      ["grand_piano", "tabby-cat"],
      [5, 4],
    ],
    [
      ["n02123045", "Tinca_Tinca"],
      [4, 0],
    ],
    [["tench, Tinca tinca"], [0]],
  ])("%j are the classes %j", (folders, indices) => {
    expect(matchNames(folders, imagenet)).toEqual({ indices });
  });

  it.each([
    [["tench", "sofa"], "sofa is not among the model's classes"],
    [["sofa", "lamp"], "none of the folders is called as one of the model's classes"],
    [["crane", "tench"], '"crane" could be several of the model\'s classes'],
    [["Crane", "tench"], '"Crane" could be several of the model\'s classes'],
    [["tench", "Tench"], "several folders are called as one and the same class of the model"],
  ])("%j do not match: %s", (folders, reason) => {
    expect(matchNames(folders, imagenet)).toEqual({ reason });
  });

  it("may be what a class is called besides", () => {
    const ids = imagenet.map((_, index) => [`n0000000${index}`]);
    expect(matchNames(["n00000003", "n00000000", "goldfish"], imagenet, ids)).toEqual({ indices: [3, 0, 1] });
    expect(matchNames(["n00000003", "tench"], imagenet)).toEqual({
      reason: "n00000003 is not among the model's classes",
    });
  });

  it("match nothing where nothing names the classes", () => {
    expect(matchNames(["a"], null)).toEqual({ reason: "nothing names the model's classes" });
  });
});
