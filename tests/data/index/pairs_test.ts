import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { openDataset, pairStudies } from "../../../data/mod.ts";
import { inTempDir } from "../fixture.ts";

/** An index of studies with `counts[study][view]` images of each view; files are not checked. */
async function indexOf(counts: readonly (readonly number[])[], options: { strict?: boolean } = {}) {
  const views = Array.from({ length: counts[0]!.length }, (_, view) => `v${view}`);
  const rows = counts.flatMap((study, s) =>
    Array.from(
      { length: Math.max(...study) },
      (_, i) =>
        [`p${s}`, "1", "train", ...study.map((count, view) => i < count ? `s${s}v${view}i${i}.png` : "")].join(","),
    )
  );
  let index: Awaited<ReturnType<typeof openDataset>> | undefined;
  await inTempDir(async (root) => {
    await Deno.writeTextFile(join(root, "t.csv"), [`subject,study,split,${views}`, ...rows].join("\n"));
    const header = { format: "mmvm-paired-csv", version: 1, csv: "t.csv", views, labels: [] };
    await Deno.writeTextFile(join(root, "dataset.json"), JSON.stringify(header));
    index = await openDataset({ root, checkFiles: false, pairs: "all-combinations-missing", ...options });
  });
  return index!;
}

Deno.test("pairStudies() excludes a study of 16 views with 4 images each instead of creating 4^16 pairs", async () => {
  const index = await indexOf([Array(16).fill(4), Array(16).fill(1)]);
  const pairs = pairStudies(index);
  assert.equal(pairs.count, 1);
  const [entry] = pairs.drops.entries();
  assert.equal(entry!.reason, "study has more than 65,536 combinations of images");
  assert.deepEqual(entry!.examples, ["study p0/1 (4,294,967,296)"]);
  const strict = await indexOf([Array(16).fill(4)], { strict: true });
  assert.throws(() => pairStudies(strict), /study p0\/1 \(4,294,967,296\): study has more than 65,536 combinations/);
});

Deno.test("pairStudies() rejects more pairs than fit into memory before creating any", async () => {
  const index = await indexOf(Array(150).fill(Array(16).fill(2)));
  assert.throws(() => pairStudies(index), /the images of 150 studies form 9,830,400 combinations, more than fit/);
});

Deno.test("pairStudies() creates every combination once, in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 4 })
        .filter((counts) => counts.some(([a, b]) => a + b > 0)),
      async (counts) => {
        const index = await indexOf(counts);
        const listed = counts.filter(([a, b]) => a + b > 0);
        const expected = listed.flatMap(([a, b]) =>
          Array.from({ length: Math.max(1, a) * Math.max(1, b) }, (_, i) => [
            a === 0 ? -1 : Math.floor(i / Math.max(1, b)),
            b === 0 ? -1 : i % Math.max(1, b),
          ])
        );
        const pairs = pairStudies(index);
        const names = [...pairs.images].map((image) =>
          image < 0 ? -1 : Number(/i(\d+)/.exec(index.source.name(image))![1])
        );
        assert.deepEqual(names, expected.flat());
        const all = pairStudies(index, { policy: "all-combinations" });
        assert.equal(all.count, listed.reduce((sum, [a, b]) => sum + a * b, 0));
      },
    ),
    { numRuns: 50 },
  );
});
