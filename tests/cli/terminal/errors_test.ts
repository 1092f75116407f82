import assert from "node:assert/strict";
import fc from "fast-check";
import { describeFailure, printable, UsageError, USER_ERROR_NAMES, UserError } from "../../../cli/terminal/errors.ts";
import { DataError } from "../../../base/errors.ts";
import { CheckpointError } from "../../../runtime/files/checkpoint.ts";
import {
  DeviceLostError,
  NoAdapterError,
  NonFiniteError,
  OutOfMemoryError,
  ValidationError,
} from "../../../runtime/device/errors.ts";
import { SafetensorsError } from "../../../runtime/files/safetensors.ts";
import { IncomparableResultsError } from "../../../viz/report/combine_results.ts";

Deno.test("describeFailure() prints a user's error as its one sentence", () => {
  assert.deepEqual(describeFailure(new UserError("a is b; do c")), { message: "error: a is b; do c", exitCode: 1 });
  assert.deepEqual(describeFailure(new UserError("a\n  b")), { message: "error: a b", exitCode: 1 });
});

Deno.test("describeFailure() gives wrong usage exit code 2", () => {
  assert.deepEqual(describeFailure(new UsageError("--x must be y")), { message: "error: --x must be y", exitCode: 2 });
});

Deno.test("describeFailure() knows the rooms' errors that users can do something about", () => {
  const errors = [
    new DataError("no such column", { file: "a.csv" }),
    new NoAdapterError("no adapter"),
    new OutOfMemoryError(2, 1, "out of memory"),
    new DeviceLostError("lost"),
    new NonFiniteError("add", 3, "not finite"),
    new CheckpointError("torn"),
    new SafetensorsError("no header"),
    new IncomparableResultsError("other labels"),
  ];
  for (const error of errors) {
    assert.ok(USER_ERROR_NAMES.has(error.name), error.name);
    assert.deepEqual(describeFailure(error), { message: `error: ${error.message}`, exitCode: 1 });
  }
});

Deno.test("describeFailure() asks to report anything else, with the stack on request", () => {
  for (const error of [new TypeError("x is undefined"), new ValidationError("conv", "rejected")]) {
    const { message, exitCode } = describeFailure(error);
    assert.equal(exitCode, 1);
    assert.ok(message.startsWith(`error: ${error.name}: ${error.message}\nThis is a fault of mmvm. `));
    assert.match(message, /MMVM_DEBUG=1/);
    assert.doesNotMatch(message, /errors_test\.ts/);
    assert.match(describeFailure(error, { debug: true }).message, /errors_test\.ts/);
  }
  assert.match(describeFailure("text").message, /a value that is no Error was thrown: text/);
});

Deno.test("describeFailure() shows causes with the stack", () => {
  const error = new UserError("outer", { cause: new RangeError("inner") });
  assert.match(describeFailure(error, { debug: true }).message, /caused by RangeError: inner/);
});

Deno.test("describeFailure() puts the operating system's refusals into a sentence with the path", () => {
  const missing = Deno.makeTempDirSync();
  const caught = (work: () => unknown): unknown => {
    try {
      work();
    } catch (error) {
      return error;
    }
    throw new Error("no error was thrown");
  };
  const cases: [unknown, RegExp][] = [
    [caught(() => Deno.readTextFileSync(`${missing}/a`)), /^error: \/.*\/a does not exist: check the path$/],
    [
      caught(() => Deno.readTextFileSync(missing)),
      /is a folder where a file was expected|a file that is needed is a folder/,
    ],
    [caught(() => Deno.readDirSync("/etc/hostname").next()), /leads through a file as if it were a folder/],
    [caught(() => Deno.readTextFileSync("/etc/hostname/x")), /leads through a file as if it were a folder/],
    [Object.assign(new Error("write: os error 28"), { code: "ENOSPC" }), /^error: the disk is full: free some space/],
    [Object.assign(new Error("x"), { code: "ENOSPC", path: "/runs/a" }), /^error: the disk is full at \/runs\/a: /],
    [Object.assign(new Error("x"), { code: "EROFS", path: "/runs/a" }), /read-only at \/runs\/a/],
    [Object.assign(new Error("x"), { code: "EACCES", path: "/runs/a" }), /no permission for \/runs\/a/],
    [Object.assign(new Error("x"), { code: "EMFILE" }), /too many files are open/],
    [
      new Deno.errors.NotCapable('Requires write access to "/x", run again with the --allow-write flag'),
      /this task's sandbox does not allow what was asked of it \(write access to "\/x"\); SECURITY\.md/,
    ],
  ];
  Deno.removeSync(missing);
  for (const [error, expected] of cases) {
    assert.match(describeFailure(error).message, expected);
    assert.doesNotMatch(describeFailure(error).message, /fault of mmvm/);
  }
});

Deno.test("printable() lets no control character through but tabs and line ends, and changes nothing else", () => {
  assert.equal(printable("\x1b[31mred\x07"), "\\x1b[31mred\\x07");
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(printable(text), /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
    // deno-lint-ignore no-control-regex
    if (!/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(text)) assert.equal(printable(text), text);
  }));
});
