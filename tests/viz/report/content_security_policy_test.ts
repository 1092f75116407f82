import assert from "node:assert/strict";
import fc from "fast-check";
import { contentSecurityPolicy, embeddableJson } from "../../../viz/report/content_security_policy.ts";

Deno.test("contentSecurityPolicy() allows only the given script and style, by hash", async () => {
  const policy = contentSecurityPolicy({ scripts: ["alert(1)"], styles: ["p{color:red}"] });
  const hash = async (text: string) => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
  };
  const directives = new Map(
    policy.split("; ").map((part) => [part.split(" ")[0], part.split(" ").slice(1).join(" ")]),
  );
  assert.equal(directives.get("default-src"), "'none'");
  assert.equal(directives.get("script-src"), await hash("alert(1)"));
  assert.equal(directives.get("style-src"), await hash("p{color:red}"));
  assert.equal(directives.get("img-src"), "data:");
  assert.equal(directives.get("base-uri"), "'none'");
  assert.equal(directives.get("form-action"), "'none'");
  assert.equal(directives.get("require-trusted-types-for"), "'script'");
  assert.doesNotMatch(policy, /unsafe/);
});

Deno.test("embeddableJson() cannot close its script element and parses back unchanged", () => {
  assert.doesNotMatch(embeddableJson({ a: "</script><!--\u2028\u2029&" }), /[<>&\u2028\u2029]/);
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = embeddableJson(value);
    assert.doesNotMatch(text, /[<>&]/);
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
  }));
});
