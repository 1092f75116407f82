import assert from "node:assert/strict";
import { join } from "node:path";
import { LocationReader } from "../../../data/cache/read_location.ts";
import { openDataset, pairStudies, preparePixels } from "../../../data/mod.ts";
import { readZipDirectory } from "../../../data/zip/zip_directory.ts";
import { inTempDir, plainImages, SMALL_JPEG, writeMimic } from "../fixture.ts";
import { makeZip, type ZipMember } from "./zip_writer.ts";

const text = (content: string) => new TextEncoder().encode(content);

async function withArchive(bytes: Uint8Array, body: (path: string) => void | Promise<void>): Promise<void> {
  await inTempDir(async (directory) => {
    const path = join(directory, "files.zip");
    await Deno.writeFile(path, bytes);
    await body(path);
  });
}

async function readMember(path: string, name: string): Promise<string> {
  const { name: member, ...where } = readZipDirectory(path).entries.get(name)!;
  using reader = new LocationReader();
  return new TextDecoder().decode(await reader.read({ kind: "zip", archive: path, member, ...where }));
}

for (const zip64 of [false, true]) {
  Deno.test(`zip archives ${zip64 ? "with" : "without"} zip64 are read, with stored and deflated members`, () =>
    withArchive(
      makeZip([
        { name: "folder/", content: new Uint8Array(), store: true },
        { name: "folder/a.txt", content: text("alpha") },
        { name: "folder/b.txt", content: text("beta".repeat(1000)), store: true },
      ], { zip64, comment: "a comment" }),
      async (path) => {
        const directory = readZipDirectory(path);
        assert.deepEqual([...directory.entries.keys()], ["folder/a.txt", "folder/b.txt"]);
        assert.deepEqual(directory.refused, []);
        assert.equal(await readMember(path, "folder/a.txt"), "alpha");
        assert.equal(await readMember(path, "folder/b.txt"), "beta".repeat(1000));
      },
    ));
}

Deno.test("members with unsafe or duplicate names are refused by name", () =>
  withArchive(
    makeZip(
      ["../evil", "/etc/passwd", "a/../../b", "C:\\x", "c\\d", "nul\0l", "ok", "ok"].map((name) => ({
        name,
        content: text("x"),
      })),
    ),
    (path) => {
      const directory = readZipDirectory(path);
      assert.deepEqual([...directory.entries.keys()], ["ok"]);
      assert.equal(directory.refused.length, 7);
      assert.equal(directory.refused.at(-1)!.reason, "the name is listed twice");
    },
  ));

const BAD_MEMBERS: [string, Partial<ZipMember>, RegExp][] = [
  [
    "inflates to more than it says",
    { content: new Uint8Array(50 << 20), size: 100 },
    /inflates to more than the directory says/,
  ],
  ["says that it is huge", { size: 3e9 }, /over the limit/],
  ["is smaller than it says", { size: 100 }, /does not have the size/],
  ["has another checksum", { crc32: 1 }, /checksum does not match/],
  ["is encrypted", { flags: 1 }, /encrypted/],
  ["is compressed in an unknown way", { method: 14 }, /method 14/],
  ["does not inflate", { method: 8, store: true }, /damaged/],
];
for (const [what, change, says] of BAD_MEMBERS) {
  Deno.test(`a zip member that ${what} is refused`, () =>
    withArchive(makeZip([{ name: "a", content: text("hello"), ...change }]), async (path) => {
      await assert.rejects(readMember(path, "a"), says);
    }));
}

Deno.test("files that are not archives, truncated or damaged are refused", async () => {
  const whole = makeZip([{ name: "a", content: text("hello") }, { name: "b", content: text("x") }], { zip64: true });
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(), /no zip archive/],
    [text("this is not a zip archive at all, whatever its name says"), /no zip archive/],
    [whole.subarray(0, whole.length - 30), /no zip archive/],
    [whole.subarray(60), /cut off or damaged/],
  ];
  for (const [bytes, says] of cases) {
    await withArchive(bytes, (path) => assert.throws(() => readZipDirectory(path), says));
  }
});

Deno.test("500 mutated archives are read or refused without a crash", async () => {
  const whole = makeZip([{ name: "a", content: text("hello") }, { name: "b/c", content: text("x".repeat(500)) }], {
    zip64: true,
  });
  let state = 1;
  const random = (bound: number) => (state = Math.imul(state, 48271) >>> 1) % bound;
  let read = 0;
  await inTempDir(async (directory) => {
    const path = join(directory, "m.zip");
    for (let i = 0; i < 500; i++) {
      const bytes = whole.slice();
      for (let k = 0; k <= i % 4; k++) bytes[random(bytes.length)] = random(256);
      await Deno.writeFile(path, bytes);
      try {
        for (const name of readZipDirectory(path).entries.keys()) await readMember(path, name);
        read++;
      } catch (error) {
        assert.ok(error instanceof Error && ["DataError", "ImageError"].includes(error.name), String(error));
      }
    }
  });
  assert.ok(read > 20 && read < 480, `${read} of 500 could be read`);
});

for (const outer of ["files/", "mimic-cxr-jpg-2.1.0/files/", ""]) {
  Deno.test(`MIMIC-CXR-JPG's images are found in files.zip under ${JSON.stringify(outer)}`, () =>
    inTempDir(async (root) => {
      const images = plainImages(3);
      writeMimic(root, { images: images.map((image) => ({ ...image, content: null })) });
      const members = images.map(({ subject, study }, i) => ({
        name: `${outer}p${subject.slice(0, 2)}/p${subject}/s${study}/d${i}.jpg`,
        content: i === 5 ? SMALL_JPEG.slice(0, 300) : SMALL_JPEG,
        store: i % 2 === 0,
      }));
      members.splice(2, 1);
      await Deno.writeFile(
        join(root, "files.zip"),
        makeZip([...members, { name: "../../x.jpg", content: SMALL_JPEG }]),
      );
      const index = await openDataset({ root });
      await preparePixels(index, { cacheDir: join(root, "cache"), imageSize: 8, workers: 1 });
      assert.deepEqual(index.drops.entries().map(({ reason, count }) => [reason, count]), [
        ["zip member's name is not safe or not unique", 1],
        ["image file is missing", 1],
        ["image cannot be decoded", 1],
      ]);
      assert.equal(pairStudies(index).count, 4);
      await assert.rejects(openDataset({ root, strict: true }), /files\.zip, member "\.\.\/\.\.\/x\.jpg"/);
    }));
}
