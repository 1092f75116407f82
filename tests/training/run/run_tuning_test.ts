import assert from "node:assert/strict";
import { join } from "node:path";
import { openRunTuner, runPaths, type RunTuningOptions } from "../../../training/mod.ts";
import { compile, conv2d, Device, input } from "../../../runtime/mod.ts";

/** A directory of a run and of a cache. */
async function withDirectories(test: (where: { directory: string; cache: string }) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "run"));
    await test({ directory: join(folder, "run"), cache: join(folder, "cache") });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Opens a run's tuner, compiles a convolution with it, and returns the choices. */
async function choices(options: RunTuningOptions): Promise<Record<string, string>> {
  const tuner = await openRunTuner("some adapter", options);
  using device = await Device.open({ tuner });
  using _program = await compile(device, () => {
    const x = input("x", { shape: [4, 16, 16, 16] });
    return { outputs: { y: conv2d(x, input("w", { shape: [4, 4, 16, 32] }), { stride: 2, padding: 1 }) } };
  });
  return Object.fromEntries(tuner.choices);
}

Deno.test("a new run records its choices, also in the cache, from which the next run takes them", async () => {
  await withDirectories(async ({ directory, cache }) => {
    const first = await choices({ directory, cache, resume: false });
    const [file] = [...Deno.readDirSync(cache)].filter(({ name }) => name.endsWith(".json"));
    assert.match(file!.name, /^tuning-some-adapter-[0-9a-f]{8}\.json$/);
    const [work] = Object.keys(first);
    const text = await Deno.readTextFile(join(cache, file!.name));
    const other = first[work!] === "software-8x1" ? "software-16x1" : "software-8x1";
    await Deno.writeTextFile(join(cache, file!.name), text.replaceAll(/software-\w+|texels-\w+|winograd/g, other));
    const second = await choices({ directory, cache, resume: false });
    assert.equal(second[work!], other);
  });
});

Deno.test("a resumed run uses its own choices, whatever the cache holds by then", async () => {
  await withDirectories(async ({ directory, cache }) => {
    const first = await choices({ directory, cache, resume: false });
    await Deno.remove(cache, { recursive: true });
    const resumed = await choices({ directory, cache, resume: true });
    for (const [work, variant] of Object.entries(resumed)) assert.equal(variant, first[work]);
    assert.ok(Object.keys(resumed).length > 0);
    await assert.rejects(Deno.stat(cache), Deno.errors.NotFound);
  });
});

Deno.test("a run that was stopped before its first step makes the same choices when resumed", async () => {
  await withDirectories(async ({ directory, cache }) => {
    const other = await choices({ directory, cache, resume: false });
    await Deno.remove(runPaths(directory).tuning);
    assert.deepEqual(await choices({ directory, cache, resume: true }), other);
    assert.deepEqual(await choices({ directory, cache, resume: true }), other);
  });
});

Deno.test("a run started without tuning resumes without it, and an invalid cache is reported and ignored", async () => {
  await withDirectories(async ({ directory, cache }) => {
    const { checkpoints } = runPaths(directory);
    await Deno.mkdir(checkpoints);
    await Deno.writeTextFile(join(checkpoints, "step-00000003.safetensors"), "");
    assert.deepEqual(await choices({ directory, cache, resume: true }), {});
    await choices({ directory, cache, resume: false });
    const [file] = [...Deno.readDirSync(cache)].filter(({ name }) => name.endsWith(".json"));
    await Deno.writeTextFile(join(cache, file!.name), "{}");
    const warnings: string[] = [];
    const onWarning = (message: string) => void warnings.push(message);
    assert.ok(Object.keys(await choices({ directory, cache, resume: false, onWarning })).length > 0);
    assert.match(warnings[0]!, /tuning-some-adapter.*`version`.*not used/);
  });
});

Deno.test("if runs start together, the first to finish tuning decides for all", async () => {
  await withDirectories(async ({ directory, cache }) => {
    // Both are opened before either has finished tuning.
    const other = join(directory, "..", "other");
    await Deno.mkdir(other);
    const tuners = [
      await openRunTuner("some adapter", { directory, cache, resume: false }),
      await openRunTuner("some adapter", { directory: other, cache, resume: false }),
    ];
    const made: [string, string][][] = [];
    for (const tuner of tuners) {
      using device = await Device.open({ tuner });
      using _program = await compile(device, () => {
        const x = input("x", { shape: [4, 16, 16, 16] });
        return { outputs: { y: conv2d(x, input("w", { shape: [4, 4, 16, 32] }), { stride: 2, padding: 1 }) } };
      });
      made.push([...tuner.choices]);
      const [file] = [...Deno.readDirSync(cache)].filter(({ name }) => name.endsWith(".json"));
      const text = await Deno.readTextFile(join(cache, file!.name));
      await Deno.writeTextFile(
        join(cache, file!.name),
        text.replaceAll(/"(software-\w+|texels-\w+|winograd)"/g, `"software-16x1"`),
      );
    }
    for (const [, name] of made[1]!) assert.equal(name, "software-16x1");
  });
});

Deno.test("a cache that cannot be written is reported, and the run continues with its choices", async () => {
  await withDirectories(async ({ directory, cache }) => {
    // A file in place of the directory.
    await Deno.writeTextFile(cache, "");
    const warnings: string[] = [];
    const onWarning = (message: string) => void warnings.push(message);
    const made = await choices({ directory, cache, resume: false, onWarning });
    assert.match(warnings.at(-1)!, /cannot be written/);
    assert.deepEqual(await choices({ directory, cache, resume: true }), made);
  });
});
