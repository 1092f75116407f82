/** Pixels of files by DCMTK, GDCM and pydicom, compared with pydicom's (see make_dicom_golden.py). */
import assert from "node:assert/strict";
import { basename } from "node:path";
import dicomParser from "dicom-parser";
import { ImageDecoder } from "../../../../data/image/decode_image.ts";
import { TAGS } from "../../../../data/image/dicom/dicom_elements.ts";
import { openDicom } from "../../../../data/image/dicom/dicom_file.ts";
import { frameBytes } from "../../../../data/image/dicom/frame_bytes.ts";
import { pixelLayout } from "../../../../data/image/dicom/pixel_layout.ts";
import { FrameDecoder } from "../../../../data/image/dicom/stored_values.ts";
import { JpegDecoder } from "../../../../data/image/jpeg/jpeg_decoder.ts";
import { goldenDicom } from "./golden_dicom.ts";

const golden = goldenDicom();
const names = [...golden.keys()].filter((name) => name.endsWith(".dcm")).map((name) => basename(name, ".dcm"));

function expectedValues(name: string): Int16Array | Uint16Array {
  const source = `${name.split("_")[0]!.replace("s16", "s12")}_explicit.i16`;
  const bytes = golden.get(`${name}.i16`) ?? golden.get(source)!;
  return new (name.startsWith("s") ? Int16Array : Uint16Array)(bytes.buffer);
}

Deno.test("stored values of all transfer syntaxes equal pydicom's, also those of lossy ones", async () => {
  const decoder = new FrameDecoder(new JpegDecoder());
  assert.ok(names.length > 45);
  for (const name of names) {
    const file = openDicom(golden.get(`${name}.dcm`)!);
    const layout = pixelLayout(file);
    const frame = frameBytes(file, layout.width * layout.height * layout.bitsAllocated / 8);
    const values = await decoder.decode(frame, layout);
    assert.deepEqual([...values], [...expectedValues(name)], name);
  }
});

Deno.test("windows and tables give pydicom's gray, rounded", async () => {
  const shown = [...golden.keys()].filter((name) => name.endsWith(".f64"));
  assert.equal(shown.length, 5);
  for (const name of shown) {
    const [, file, index] = /^(.*)\.voi(\d)\.f64$/.exec(name)!;
    const shares = new Float64Array(golden.get(name)!.buffer);
    const decoder = new ImageDecoder({ window: { kind: "file", number: Number(index) + 1 } });
    const { samples, bitsUsed } = await decoder.decode(golden.get(`${file}.dcm`)!);
    const white = 2 ** bitsUsed - 1;
    shares.forEach((share, i) => assert.ok(Math.abs(share * white - samples[i]!) <= 0.501, `${name}, pixel ${i}`));
  }
});

Deno.test("elements lie where dicom-parser finds them", () => {
  for (const name of names.filter((name) => !name.includes("deflated"))) {
    const bytes = golden.get(`${name}.dcm`)!;
    const { elements } = openDicom(bytes);
    const reference = dicomParser.parseDicom(bytes).elements;
    const key = (tag: number) => `x${tag.toString(16).padStart(8, "0")}`;
    const wanted = Object.values(TAGS).filter((tag) =>
      tag !== TAGS.transferSyntax && reference[key(tag)] !== undefined
    );
    assert.deepEqual([...elements.keys()].sort(), wanted.sort(), name);
    for (const [tag, { start, end, isDelimited }] of elements) {
      const { dataOffset, length } = reference[key(tag)]!;
      assert.deepEqual({ start, length: end - start }, {
        start: dataOffset,
        length: isDelimited ? end - start : length,
      });
    }
  }
});
