import assert from "node:assert/strict";
import { resolve } from "node:path";
import fc from "fast-check";
import { namedNumbers } from "../../../base/named_numbers.ts";
import {
  choice,
  flag,
  integer,
  mergeValues,
  number,
  parseArguments,
  parseConfig,
  path,
  runName,
  wordsOf,
} from "../../../cli/options/options.ts";

const options = {
  method: choice(["mmvm", "independent"], { help: "method", default: "mmvm" }),
  imageSize: integer({ min: 32, max: 512, help: "side", default: 64 }),
  lr: number({ above: 0, max: 1, help: "rate", default: 0.001 }),
  beta: number({ min: 0, help: "weight" }),
  run: runName({ help: "run" }),
  data: path({ help: "root" }),
  resume: flag({ help: "go on" }),
};
const spec = { name: "train", summary: "Trains.", options };
const parse = (...args: string[]) => parseArguments(spec, args);

function refusal(...args: string[]): string {
  try {
    parse(...args);
  } catch (error) {
    assert.ok(error instanceof Error);
    assert.equal(error.name, "UsageError");
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  throw new Error(`${args.join(" ")} was accepted`);
}

Deno.test("parseArguments() returns defaults, and which flags were given", () => {
  const { values, given, operands } = parse("--image-size", "128", "--resume");
  assert.deepEqual(values, {
    method: "mmvm",
    imageSize: 128,
    lr: 0.001,
    beta: undefined,
    run: undefined,
    data: undefined,
    resume: true,
  });
  assert.deepEqual(given, { imageSize: 128, resume: true });
  assert.deepEqual(operands, []);
});

Deno.test("parseArguments() accepts every syntax for values, and the last value wins", () => {
  assert.equal(parse("--lr=1e-3", "--lr", ".5").values.lr, 0.5);
  assert.equal(parse("--beta", "0").values.beta, 0);
});

Deno.test("parseArguments() rejects values, naming the flag and the allowed range", () => {
  assert.equal(refusal("--lr", "0"), '--lr must be a number above 0 and at most 1, not "0"');
  assert.equal(refusal("--lr", "1.5"), '--lr must be a number above 0 and at most 1, not "1.5"');
  assert.equal(refusal("--beta", "-1"), '--beta must be a number of at least 0, not "-1"');
  assert.equal(refusal("--image-size", "64.5"), '--image-size must be a whole number from 32 to 512, not "64.5"');
  assert.equal(refusal("--method", "vae"), '--method must be mmvm or independent, not "vae"');
  assert.match(refusal("--run", "../x"), /^--run must be 1 to 100 letters, .*, not "\.\.\/x"$/);
  assert.match(refusal("--data", ""), /^--data must be a path, not ""$/);
});

Deno.test("parseArguments() accepts only plain decimal numbers", () => {
  for (const text of ["", " ", "abc", "0x40", "1_000", "64px", "Infinity", "NaN", "1e999"]) {
    assert.match(refusal("--image-size", text), /^--image-size must be a whole number from 32 to 512/);
  }
  fc.assert(fc.property(fc.integer({ min: 32, max: 512 }), (size) => {
    assert.equal(parse("--image-size", String(size)).values.imageSize, size);
  }));
});

Deno.test("parseArguments() rejects unknown flags, missing values and extra operands, and mentions --help", () => {
  assert.match(refusal("--metod", "mmvm"), /unknown option '--metod'.*--method.*`deno task train --help`/);
  assert.match(refusal("--lr"), /option '--lr <number>' argument missing.*--help/);
  assert.equal(
    refusal("extra"),
    'deno task train takes no operand, and "extra" is one too many; `deno task train --help` says more',
  );
});

Deno.test("parseArguments() checks the number of operands", () => {
  const report = { ...spec, name: "report", operands: { name: "RUN", help: "a run", min: 1, max: 2 } };
  assert.deepEqual(parseArguments(report, ["a", "--resume", "b"]).operands, ["a", "b"]);
  assert.throws(() => parseArguments(report, []), { name: "UsageError", message: /missing required argument 'RUN'/ });
  assert.throws(() => parseArguments(report, ["a", "b", "c"]), {
    name: "UsageError",
    message: /takes 1 to 2 RUN, and "c" is one too many/,
  });
});

Deno.test("paths are relative to the user's working directory", () => {
  const before = Deno.env.get("INIT_CWD");
  try {
    Deno.env.set("INIT_CWD", "/somewhere/else");
    assert.equal(parse("--data", "mimic").values.data, resolve("/somewhere/else/mimic"));
    assert.equal(parse("--data", "/mimic").values.data, resolve("/mimic"));
    Deno.env.delete("INIT_CWD");
    assert.equal(parse("--data", "mimic").values.data, resolve("mimic"));
  } finally {
    if (before === undefined) Deno.env.delete("INIT_CWD");
    else Deno.env.set("INIT_CWD", before);
  }
});

Deno.test("parseConfig() validates fields like flags, and names the file", () => {
  assert.deepEqual(parseConfig(options, { lr: 0.5, method: "independent" }, { source: "c.json" }), {
    lr: 0.5,
    method: "independent",
  });
  const cases: [unknown, RegExp][] = [
    [{ lr: "0.5" }, /^c\.json: lr must be a number above 0 and at most 1, not "0\.5"$/],
    [{ imageSize: 1 }, /^c\.json: imageSize must be a whole number from 32 to 512, not 1$/],
    [{ resume: "yes" }, /^c\.json: resume must be true or false, not "yes"$/],
    [{ rate: 1 }, /^c\.json: unknown field "rate"; known are method, imageSize, /],
    [JSON.parse('{"__proto__": 1}'), /^c\.json: unknown field "__proto__"/],
    [{ constructor: 1 }, /^c\.json: unknown field "constructor"/],
    [[1], /^c\.json must hold one JSON object/],
    [null, /^c\.json must hold one JSON object/],
  ];
  for (const [config, expected] of cases) {
    assert.throws(() => parseConfig(options, config, { source: "c.json" }), { name: "UsageError", message: expected });
  }
  assert.deepEqual(parseConfig(options, { version: 1 }, { source: "c.json", ignore: ["version"] }), {});
});

Deno.test("mergeValues() lets flags win over the file, and the file over defaults", () => {
  const file = parseConfig(options, { lr: 0.5, beta: 2 }, { source: "c.json" });
  const { given } = parse("--lr", "0.25");
  const values = mergeValues(options, file, given);
  assert.equal(values.lr, 0.25);
  assert.equal(values.beta, 2);
  assert.equal(values.method, "mmvm");
});

Deno.test("wordsOf() gives the words of a command line that sets the same values", () => {
  for (
    const words of [
      [],
      ["--method=independent", "--image-size=128", "--lr=1e-7", "--beta=0", "--run=a", "--data=/a b=c", "--resume"],
    ]
  ) {
    const { given } = parse(...words);
    assert.deepEqual(wordsOf(given), words);
    assert.deepEqual(parse(...wordsOf(given)).given, given);
  }
  assert.deepEqual(wordsOf({ resume: false, beta: undefined }), []);
});

Deno.test("parseArguments() takes a flag with an optional value with and without one", () => {
  const augment = namedNumbers({ shift: 0.5, flip: 1 }, { help: "changes", implied: { shift: 0.05 } });
  const table = { ...options, augment };
  const given = (...args: string[]) => parseArguments({ ...spec, options: table }, args).given;
  assert.deepEqual(given("--augment", "--lr", "0.5"), { augment: { shift: 0.05 }, lr: 0.5 });
  assert.deepEqual(given("--augment", "shift=0.1,flip=0.5"), { augment: { shift: 0.1, flip: 0.5 } });
  assert.deepEqual(given(...wordsOf({ augment: { shift: 0.1, flip: 0.5 } })), { augment: { shift: 0.1, flip: 0.5 } });
  assert.throws(() => given("--augment", "shift=2"), /--augment must be comma-separated amounts, .* not "shift=2"/);
});
