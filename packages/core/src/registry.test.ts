import { expect, test } from "vitest";
import { Registry } from "./registry.js";

interface Shape {
  readonly id: string;
  readonly also?: readonly string[];
}

const made = (): Registry<Shape> =>
  new Registry<Shape>("shape", [{ id: "circle" }, { id: "square", also: ["box"] }], {
    aliases: ({ also = [] }) => also,
  });

test("entries are found by id and by alias, in the order they were added", () => {
  const shapes = made();
  shapes.register({ id: "star" });
  expect(shapes.ids).toEqual(["circle", "square", "star"]);
  expect(shapes.find("box").id).toBe("square");
  expect(shapes.has("star")).toBe(true);
  expect(shapes.has("Star")).toBe(false);
});

test("an unknown name is told with the nearest one, or with all", () => {
  const shapes = made();
  expect(() => shapes.find("cirle")).toThrow('there is no shape "cirle", did you mean "circle"?');
  expect(() => shapes.find("hexagon")).toThrow("(known: circle, square)");
});

test("a taken id or alias and an id that cannot be a name are refused, and nothing of them stays", () => {
  const shapes = made();
  expect(() => shapes.register({ id: "circle" })).toThrow(expect.objectContaining({ code: "OAL-C205" }));
  expect(() => shapes.register({ id: "cube", also: ["box"] })).toThrow(
    expect.objectContaining({ code: "OAL-C205" }),
  );
  expect(() => shapes.register({ id: "../x" })).toThrow(expect.objectContaining({ code: "OAL-C206" }));
  expect(shapes.ids).toEqual(["circle", "square"]);
});
