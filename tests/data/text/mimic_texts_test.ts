/**
 * Tests of reading MIMIC-CXR's reports.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { DataError, openDataset, type OpenDatasetOptions, type StudyIndex } from "../../../data/mod.ts";
import { inTempDir, plainImages, writeMimic } from "../fixture.ts";
import { makeZip } from "../zip/zip_writer.ts";

/** Reports of four of the eight studies that {@linkcode withMimic} writes. */
const REPORTS: Readonly<Record<string, string>> = {
  "p10/p10000000/s50000000.txt": " FINAL REPORT\n FINDINGS: Clear lungs.\n\n IMPRESSION: Normal.\n",
  "p10/p10000000/s50000001.txt": " FINAL REPORT\n IMPRESSION: Effusion.\n",
  "p10/p10000001/s50000002.txt": " FINAL REPORT\n PORTABLE CHEST\n\n The heart is large.\n",
  "p10/p10000001/s50000003.txt": " FINAL REPORT\n HISTORY: Fall.\n",
};
const DEFAULT_TEXTS = ["Clear lungs.", "Effusion.", "The heart is large.", undefined, undefined];

async function withMimic(body: (root: string) => Promise<void>): Promise<void> {
  await inTempDir(async (root) => {
    writeMimic(root, { images: plainImages(4) });
    await body(root);
  });
}

function writeReports(folder: string, reports: Readonly<Record<string, string | Uint8Array>> = REPORTS): void {
  for (const [path, text] of Object.entries(reports)) {
    const file = join(folder, path);
    Deno.mkdirSync(dirname(file), { recursive: true });
    if (typeof text === "string") Deno.writeTextFileSync(file, text);
    else Deno.writeFileSync(file, text);
  }
}

async function open(root: string, options: Omit<OpenDatasetOptions, "root"> = {}): Promise<StudyIndex> {
  return await openDataset({ root, texts: true, ...options });
}

function textsOf(index: StudyIndex): (string | undefined)[] {
  return Array.from({ length: 5 }, (_, i) => index.texts!.get(index.studies.ids.indexOf(String(50000000 + i))));
}

Deno.test("openDataset() reads reports from every place where they are kept", async () => {
  const encoder = new TextEncoder();
  const members = (prefix: string) =>
    makeZip(Object.entries(REPORTS).map(([name, text]) => ({ name: prefix + name, content: encoder.encode(text) })));
  const places: [string, (root: string) => OpenDatasetOptions | void][] = [
    ["files/ beside the images", (root) => writeReports(join(root, "files"))],
    ["mimic-cxr-reports/files/", (root) => writeReports(join(root, "mimic-cxr-reports/files"))],
    ["the archive", (root) => Deno.writeFileSync(join(root, "mimic-cxr-reports.zip"), members("files/"))],
    ["an archive with an outer folder", (root) => {
      Deno.writeFileSync(join(root, "mimic-cxr-reports.zip"), members("mimic-cxr-reports/files/"));
    }],
    ["a folder elsewhere", (root) => {
      writeReports(join(root, "elsewhere/files"));
      return { reports: join(root, "elsewhere") };
    }],
    ["an archive elsewhere", (root) => {
      Deno.writeFileSync(join(root, "r.zip"), members(""));
      return { reports: join(root, "r.zip") };
    }],
  ];
  for (const [place, prepare] of places) {
    await withMimic(async (root) => {
      const index = await open(root, prepare(root) ?? {});
      assert.deepEqual(textsOf(index), DEFAULT_TEXTS, place);
      assert.deepEqual(index.texts!.counts(), {
        studies: 8,
        texts: 3,
        origins: { findings: 1, impression: 1, "findings and impression": 0, "last paragraph": 1 },
        noReport: 4,
        noSection: 1,
        severalReports: 0,
        addenda: 0,
      }, place);
    });
  }
});

Deno.test("openDataset() takes the section asked for", async () => {
  await withMimic(async (root) => {
    writeReports(join(root, "files"));
    assert.deepEqual(textsOf(await open(root, { text: "findings" })).slice(0, 3), [
      "Clear lungs.",
      undefined,
      undefined,
    ]);
    assert.deepEqual(textsOf(await open(root, { text: "impression" })).slice(0, 3), [
      "Normal.",
      "Effusion.",
      undefined,
    ]);
    const both = await open(root, { text: "both" });
    assert.deepEqual(textsOf(both).slice(0, 3), ["Clear lungs. Normal.", "Effusion.", undefined]);
    assert.deepEqual(both.texts!.lengths(), { min: 2, median: 2, mean: 3.5, p95: 5, max: 5 });
  });
});

Deno.test("openDataset() reads a table of sections, gzipped or not, and counts what does not fit", async () => {
  const rows = [
    "study,impression,findings,last_paragraph,comparison",
    's50000000,Normal.,"Clear\nlungs.",,',
    "50000001,Effusion.,,,",
    "s50000002,nan,,The heart is large.,None.",
    "s50000003,,,,",
    "s50000003,again,,,",
    "s59999999,No such study.,,,",
    "s50000004,too few",
  ].join("\n");
  for (const gzip of [false, true]) {
    await withMimic(async (root) => {
      const path = join(root, `mimic_cxr_sectioned.csv${gzip ? ".gz" : ""}`);
      Deno.writeFileSync(path, gzip ? gzipSync(rows) : new TextEncoder().encode(rows));
      const index = await open(root);
      assert.deepEqual(textsOf(index), DEFAULT_TEXTS);
      const noted = index.drops.entries().filter(({ step }) => step === "texts").map(({ reason, count, examples }) => {
        return [reason, count, examples[0]!.replace(root, "")];
      });
      const name = path.replace(root, "");
      assert.deepEqual(noted, [
        ["study has a row of sections before", 1, `${name}, line 7`],
        ["sections are about an unlisted study", 1, `${name}, line 8`],
        ["row has another number of fields than the header", 1, `${name}, line 9: 2 fields where the header has 5`],
      ]);
      await assert.rejects(open(root, { strict: true }), /study has a row of sections before/);
    });
  }
});

Deno.test("openDataset() counts reports that cannot be read, and keeps their studies", async () => {
  await withMimic(async (root) => {
    const [first, second, third, fourth] = Object.keys(REPORTS) as [string, string, string, string];
    writeReports(join(root, "files"), {
      [first]: REPORTS[first]!,
      [second]: new Uint8Array(300_000).fill(65),
      [third]: Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0),
    });
    Deno.writeTextFileSync(join(root, "outside.txt"), "FINDINGS: A secret.");
    Deno.symlinkSync(join(root, "outside.txt"), join(root, "files", fourth));
    const index = await open(root);
    assert.deepEqual(textsOf(index), ["Clear lungs.", undefined, undefined, undefined, undefined]);
    assert.deepEqual(index.drops.entries().map(({ reason, count, kept }) => [reason, count, kept]), [
      ["report cannot be read", 2, true],
      ["report's link leads out of its directory (--follow-links reads it)", 1, true],
    ]);
    assert.equal(index.studies.dropped.every((code) => code === 0), true);
    assert.equal(textsOf(await open(root, { followLinks: true }))[3], "A secret.");
  });
});

Deno.test("openDataset() has no texts unless asked, or without reports", async () => {
  await withMimic(async (root) => {
    assert.equal((await open(root)).texts, undefined);
    writeReports(join(root, "files"));
    assert.equal((await openDataset({ root })).texts, undefined);
  });
});

Deno.test("openDataset() refuses reports that are not where they are said to be", async () => {
  await withMimic(async (root) => {
    Deno.writeTextFileSync(join(root, "empty.csv"), "study,findings\ns1,Clear.\n");
    Deno.writeFileSync(join(root, "empty.zip"), makeZip([{ name: "readme.txt", content: new Uint8Array(3) }]));
    Deno.mkdirSync(join(root, "other"));
    for (const reports of ["missing", "empty.csv", "empty.zip", "other"]) {
      await assert.rejects(open(root, { reports: join(root, reports) }), (error: unknown) => {
        return error instanceof DataError && error.file === join(root, reports);
      }, reports);
    }
  });
});
