import assert from "node:assert/strict";
import { join } from "node:path";
import { openDataset, type OpenDatasetOptions, pairStudies } from "../../../data/mod.ts";
import { inTempDir, SMALL_JPEG } from "../fixture.ts";

/** Four studies: a file, a link within the directory, a link to a file outside, and a folder that links outside. */
async function withLinks(
  body: (
    root: string,
    open: (options?: Partial<OpenDatasetOptions>) => ReturnType<typeof openDataset>,
  ) => Promise<void>,
) {
  await inTempDir(async (directory) => {
    const [real, outside] = [join(directory, "real"), join(directory, "outside")];
    await Deno.mkdir(join(real, "images"), { recursive: true });
    await Deno.mkdir(outside);
    for (const file of [join(real, "images/a.jpg"), join(outside, "secret.jpg")]) {
      await Deno.writeFile(file, SMALL_JPEG);
    }
    await Deno.symlink("a.jpg", join(real, "images/b.jpg"));
    await Deno.symlink(join(outside, "secret.jpg"), join(real, "images/c.jpg"));
    await Deno.symlink(outside, join(real, "folder"));
    // The data directory may itself be a link.
    const root = join(directory, "root");
    await Deno.symlink(real, root);
    const images = ["images/a.jpg", "images/b.jpg", "images/c.jpg", "folder/secret.jpg"];
    const rows = images.map((image, i) => `p${i},1,train,${image}`);
    await Deno.writeTextFile(join(root, "studies.csv"), ["subject,study,split,front", ...rows].join("\n"));
    const header = {
      format: "mmvm-paired-csv",
      version: 1,
      csv: "studies.csv",
      views: ["front"],
      labels: [],
      synthetic: true,
    };
    await Deno.writeTextFile(join(root, "dataset.json"), JSON.stringify(header));
    await body(root, (options = {}) => openDataset({ root, ...options }));
  });
}

Deno.test("links to images outside the data directory are excluded, counted and named", () =>
  withLinks(async (_root, open) => {
    const index = await open();
    assert.deepEqual(index.drops.entries().map(({ reason, count, examples }) => [reason, count, examples]), [
      ["link leads out of the data directory (--follow-links reads it)", 2, ["images/c.jpg", "folder/secret.jpg"]],
    ]);
    assert.equal(pairStudies(index).count, 2);
    await assert.rejects(open({ strict: true }), /images\/c\.jpg: link leads out of the data directory/);
  }));

Deno.test("links are followed with followLinks", () =>
  withLinks(async (_root, open) => {
    const index = await open({ followLinks: true, strict: true });
    assert.equal(pairStudies(index).count, 4);
    assert.deepEqual([...index.images.bytes], Array(4).fill(SMALL_JPEG.length));
  }));

Deno.test("cyclic and dangling links count as missing images", () =>
  withLinks(async (root, open) => {
    await Deno.remove(join(root, "images/c.jpg"));
    await Deno.symlink("c.jpg", join(root, "images/c.jpg"));
    await Deno.remove(join(root, "images/a.jpg"));
    const index = await open({ partial: true });
    assert.deepEqual(index.drops.entries().map(({ reason, count }) => [reason, count]), [
      ["image file is missing", 3],
      ["link leads out of the data directory (--follow-links reads it)", 1],
    ]);
  }));

Deno.test("a data set's claim to show no patients is trusted only with trustSynthetic", () =>
  withLinks(async (_root, open) => {
    const [plain, trusted] = [await open(), await open({ trustSynthetic: true })];
    assert.deepEqual([plain.synthetic, plain.claimsSynthetic], [false, true]);
    assert.deepEqual([trusted.synthetic, trusted.claimsSynthetic], [true, true]);
  }));

for (const code of ["EIO", "ESTALE", "EACCES", "ETIMEDOUT"]) {
  Deno.test(`an image whose file cannot be looked up for ${code} stops the task instead of counting as missing`, () =>
    withLinks(async (root, open) => {
      const { lstatSync } = Deno;
      try {
        Deno.lstatSync = (path) => {
          if (String(path).endsWith("a.jpg")) throw Object.assign(new Error(`${code} (os error 5)`), { code });
          return lstatSync(path);
        };
        await assert.rejects(open(), (error: Error & { code?: string; path?: string }) => {
          assert.equal(error.code, code);
          assert.match(error.message, /a\.jpg/);
          return true;
        });
      } finally {
        Deno.lstatSync = lstatSync;
      }
      // Once the disk is back, nothing is missing.
      assert.equal((await open({ root, followLinks: true })).drops.entries().length, 0);
    }));
}
