import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { choice, flag, integer, number, path } from "../../base/setting.ts";
import {
  fileOnly,
  flagsOf,
  fromFlags,
  type GroupValues,
  named,
  optional,
  schemaOf,
  toFlags,
  unlessDefault,
} from "../../base/setting_group.ts";

const GROUP = {
  model: {
    imageSize: integer({ min: 4, max: 64, help: "side", default: 28 }),
    likelihood: {
      name: named("likelihood", choice(["laplace", "gaussian"], { help: "of pixels", default: "laplace" })),
      scale: number({ above: 0, help: "scale", default: 1 }),
    },
    weights: fileOnly(z.array(z.number())),
  },
  training: {
    learningRate: named("lr", number({ above: 0, help: "rate", default: 0.5 })),
    warmup: optional(integer({ min: 0, help: "steps", default: 0 })),
    root: optional(path({ help: "folder" })),
    precision: unlessDefault(choice(["f32", "f16"], { help: "storage", default: "f32" })),
    strict: flag({ help: "refuse" }),
  },
};

/** That the types follow from the declaration is checked by this assignment. */
const FILE: GroupValues<typeof GROUP> = {
  model: { imageSize: 28, likelihood: { name: "laplace", scale: 1 } },
  training: { learningRate: 0.5, strict: false },
};

Deno.test("flagsOf() returns the flags of all nested groups, without the fields that are in files only", () => {
  const flags = flagsOf(GROUP);
  assert.deepEqual(Object.keys(flags), [
    "imageSize",
    "likelihood",
    "scale",
    "lr",
    "warmup",
    "root",
    "precision",
    "strict",
  ]);
  const rate: number = flags.lr.default;
  assert.equal(rate, 0.5);
});

Deno.test("schemaOf() accepts files without optional fields, and rejects files without required ones", () => {
  const schema = schemaOf(GROUP);
  assert.deepEqual(schema.parse(FILE), FILE);
  const whole = {
    model: { ...FILE.model, weights: [1, 2] },
    training: { ...FILE.training, warmup: 3, root: "/data", precision: "f16" },
  };
  assert.deepEqual(schema.parse(whole), whole);
  for (const field of ["learningRate", "strict"] as const) {
    const { [field]: _left, ...training } = FILE.training;
    assert.ok(!schema.safeParse({ ...FILE, training }).success, field);
  }
  const refused = [{ learningRate: 0 }, { warmup: 1.5 }, { precision: "f64" }, { root: "x\0y" }, { strict: "yes" }];
  for (const fields of refused) {
    assert.ok(
      !schema.safeParse({ ...FILE, training: { ...FILE.training, ...fields } }).success,
      JSON.stringify(fields),
    );
  }
});

Deno.test("schemaOf() orders fields as declared and drops unknown ones", () => {
  const shuffled = { training: { strict: false, unknown: 1, learningRate: 0.5 }, model: FILE.model };
  assert.equal(JSON.stringify(schemaOf(GROUP).parse(shuffled)), JSON.stringify(FILE));
});

Deno.test("fromFlags() omits settings without a value, and defaults of unlessDefault()", () => {
  const values = { imageSize: 28, likelihood: "laplace", scale: 1, lr: 0.5, root: undefined, strict: false };
  assert.deepEqual(fromFlags(GROUP, { ...values, precision: "f32" }), FILE);
  assert.equal(fromFlags(GROUP, { ...values, precision: "f16" }).training.precision, "f16");
});

Deno.test("toFlags() returns the defaults of absent fields", () => {
  assert.deepEqual(toFlags(GROUP, FILE), {
    imageSize: 28,
    likelihood: "laplace",
    scale: 1,
    lr: 0.5,
    warmup: 0,
    root: undefined,
    precision: "f32",
    strict: false,
  });
});

Deno.test("toFlags() inverts fromFlags(), and the file is valid", () => {
  const values = fc.record({
    imageSize: fc.integer({ min: 4, max: 64 }),
    likelihood: fc.constantFrom("laplace", "gaussian"),
    scale: fc.double({ min: 0.1, max: 9, noNaN: true }),
    lr: fc.double({ min: 0.1, max: 1, noNaN: true }),
    warmup: fc.nat(100),
    root: fc.constantFrom("/a", undefined),
    precision: fc.constantFrom("f32", "f16"),
    strict: fc.boolean(),
  }, { noNullPrototype: true });
  fc.assert(fc.property(values, (given) => {
    const file = fromFlags(GROUP, given);
    assert.deepEqual(schemaOf(GROUP).parse(JSON.parse(JSON.stringify(file))), file);
    assert.deepEqual(toFlags(GROUP, file), given);
  }));
});
