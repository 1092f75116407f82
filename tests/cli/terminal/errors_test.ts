import assert from "node:assert/strict";
import fc from "fast-check";
import { describeFailure, printable, UsageError, USER_ERROR_NAMES, UserError } from "../../../cli/terminal/errors.ts";
import { DataError } from "../../../base/errors.ts";
import { readRegularSync } from "../../../base/regular_file.ts";
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

Deno.test("describeFailure() returns only the message of a user error", () => {
  assert.deepEqual(describeFailure(new UserError("a is b; do c")), { message: "error: a is b; do c", exitCode: 1 });
  assert.deepEqual(describeFailure(new UserError("a\n  b")), { message: "error: a b", exitCode: 1 });
});

Deno.test("describeFailure() returns exit code 2 for wrong usage", () => {
  assert.deepEqual(describeFailure(new UsageError("--x must be y")), { message: "error: --x must be y", exitCode: 2 });
});

Deno.test("describeFailure() recognises every room's user errors", () => {
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

Deno.test("describeFailure() asks users to report anything else, with the stack on request", () => {
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

Deno.test("describeFailure() describes operating system errors in a sentence with the path", () => {
  const missing = Deno.makeTempDirSync();
  Deno.symlinkSync("circle", `${missing}/circle`);
  const circle = `${missing}/circle/x`;
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
      caught(() => readRegularSync(circle, { maxBytes: 1, kind: "a file" })),
      /circle\/x leads through links in a circle: check the path/,
    ],
    [Object.assign(new Error("x"), { code: "EIO", path: "/runs/a" }), /drive failed at \/runs\/a: .* are unharmed$/],
    [Object.assign(new Error("x"), { code: "ESTALE", path: "/runs/a" }), /does not answer any more at \/runs\/a: /],
    [Object.assign(new Error("x"), { code: "EINTR", path: "/runs/a" }), /interrupted at \/runs\/a: run .* again$/],
    [
      new Deno.errors.NotCapable('Requires write access to "/x", run again with the --allow-write flag'),
      /this task's sandbox does not allow what was asked of it \(write access to "\/x"\); SECURITY\.md/,
    ],
  ];
  Deno.removeSync(missing, { recursive: true });
  for (const [error, expected] of cases) {
    assert.match(describeFailure(error).message, expected);
    assert.doesNotMatch(describeFailure(error).message, /fault of mmvm/);
  }
});

Deno.test("printable() escapes control, bidirectional and invisible characters, and changes nothing else", () => {
  assert.equal(printable("\x1b[31mred\x07"), "\\x1b[31mred\\x07");
  assert.equal(printable("xray\u202egpj.exe"), "xray\\u202egpj.exe");
  assert.equal(printable("\u{e0041}"), "\\u{e0041}");
  assert.equal(printable("a\tb\nשלום 👩‍⚕️ क्‍ष"), "a\tb\nשלום 👩‍⚕️ क्‍ष");
  // Cc except tab and line feed; the Unicode property Bidi_Control; Zl and Zp; characters that are always invisible.
  const harmful = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
  const unit = fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.constantFrom(..."\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff"),
  );
  fc.assert(fc.property(fc.array(unit), (units) => {
    const text = units.join("");
    assert.doesNotMatch(printable(text).replaceAll(/[\t\n]/g, ""), harmful);
    if (!harmful.test(text.replaceAll(/[\t\n]/g, ""))) assert.equal(printable(text), text);
  }));
});
