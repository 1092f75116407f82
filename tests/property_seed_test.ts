import assert from "node:assert/strict";
import { runDeno } from "./process.ts";

/** The seed of property tests with this value of the variable, or what went wrong. */
async function seedWith(value: string): Promise<string> {
  const { code, stdout, stderr } = await runDeno(
    [
      ...["run", "--quiet", "--no-check", "--cached-only", "--allow-env", "--allow-read"],
      "--preload=tests/property_seed.ts",
      "-",
    ],
    {
      env: { MMVM_PROPERTY_SEED: value },
      input: `import fc from "fast-check"; console.log(fc.readConfigureGlobal().seed);`,
    },
  );
  return code === 0 ? stdout.trim() : stderr;
}

Deno.test("property tests have the same cases in every run, and others if asked", async () => {
  assert.equal(await seedWith("20241101"), "20241101");
  assert.equal(await seedWith("-7"), "-7");
  assert.equal(await seedWith("random"), "undefined");
});

Deno.test("a seed that is no integer is refused by a sentence", async () => {
  for (const bad of ["1.5", "often", " "]) {
    assert.match(await seedWith(bad), /MMVM_PROPERTY_SEED is ".*", but must be an integer or random/);
  }
});
