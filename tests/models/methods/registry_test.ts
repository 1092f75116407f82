import assert from "node:assert/strict";
import { type Method, methodOf, registerMethod } from "../../../models/mod.ts";

const own: Method = { ...methodOf("independent"), name: "registry-test" };

Deno.test("registerMethod() makes a method known, and accepts the same one again", () => {
  registerMethod(own);
  registerMethod(own);
  assert.equal(methodOf("registry-test"), own);
});

Deno.test("registerMethod() rejects the name of another method", () => {
  registerMethod(own);
  assert.throws(() => registerMethod({ ...own }), /there is a method registry-test already/);
  assert.throws(() => registerMethod({ ...own, name: "mmvm" }), /there is a method mmvm already/);
});

Deno.test("methodOf() lists the methods that there are", () => {
  assert.throws(() => methodOf("nothing"), /there is no method nothing; there are mmvm, independent, poe/);
});
