import assert from "node:assert/strict";
import { join, normalize, resolve } from "node:path";
import fc from "fast-check";
import { isNumericId, isSafeId, quoted, unsafePathReason } from "../../base/safe_path.ts";

Deno.test("unsafePathReason() rejects paths that could leave the directory", () => {
  const unsafe = [
    "",
    "/a",
    "../a",
    "a/../b",
    "a/..",
    "./a",
    "a//b",
    "a/",
    "C:/a",
    "c:a",
    "a\\b",
    "a\0b",
    "a\nb",
    "x".repeat(5000),
  ];
  for (const path of unsafe) assert.notEqual(unsafePathReason(path), undefined, JSON.stringify(path));
  for (const path of ["a", "a/b.jpg", "train/patient1/study 1/v.jpg", "..a/b..", "ä/é.jpg"]) {
    assert.equal(unsafePathReason(path), undefined);
  }
});

Deno.test("a path accepted by unsafePathReason() stays inside", () => {
  const segment = fc.oneof(
    fc.constantFrom("..", ".", "", "a", "..b", "C:", "\\..", "\0", "%2e%2e"),
    fc.string({ maxLength: 8 }),
  );
  fc.assert(fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
    const path = segments.join("/");
    if (unsafePathReason(path) !== undefined) return;
    assert.ok(resolve(join("/data/root", path)).startsWith("/data/root/"));
    assert.equal(normalize(path), path);
  }));
});

Deno.test("identifiers accepted by isSafeId() are a single path segment", () => {
  assert.ok(["02aa804e-bde0afdd-112c0b34-7bc16630-4e384014", "d1", "a.b_c-d"].every(isSafeId));
  assert.ok(!["", ".", "..", ".a", "a/b", "a\\b", "a b", "a\0", "ä", "x".repeat(201)].some(isSafeId));
  fc.assert(fc.property(fc.string(), (id) => !isSafeId(id) || unsafePathReason(id) === undefined));
  assert.ok(isNumericId("10000032") && !isNumericId("1") && !isNumericId("1e5") && !isNumericId("-100"));
});

Deno.test("quoted() escapes control characters and truncates long texts", () => {
  assert.equal(quoted("a\0b\n"), '"a\\u0000b\\n"');
  assert.equal(quoted("x".repeat(100)).length, 82);
});
