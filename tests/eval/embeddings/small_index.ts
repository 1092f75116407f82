/**
 * A small index with the identifiers of MIMIC-CXR, and files of embeddings of it.
 *
 * @module
 */
import { DropLog } from "../../../data/index/drop_log.ts";
import { pairStudies, type PairTable } from "../../../data/index/pairs.ts";
import { IndexBuilder, type PairPolicy, StudyIndex } from "../../../data/index/study_index.ts";

/** Studies 50000000 and on, each of its own patient, with one lateral image and (every third) two frontal ones. */
export function smallIndex(
  { studies = 6, pairs = "all-combinations" }: { studies?: number; pairs?: PairPolicy } = {},
): { index: StudyIndex; pairs: PairTable } {
  const builder = new IndexBuilder();
  for (let k = 0; k < studies; k++) {
    const subject = builder.subject(String(10_000_000 + k));
    const study = builder.study(String(50_000_000 + k), subject)!;
    builder.setSplit(subject, k % 3 === 2 ? 2 : k % 3 === 1 && k > 3 ? 1 : 0);
    builder.image(`frontal-${k}`, { study, view: 0, position: "PA" });
    if (k % 3 === 0) builder.image(`second-${k}`, { study, view: 0, position: "AP" });
    builder.image(`lateral-${k}`, { study, view: 1, position: "LATERAL" });
  }
  const columns = builder.columns(2);
  columns.studies.states.forEach((_, i) => columns.studies.states[i] = i % 3 === 0 ? 1 : 2);
  const { images, studies: list, subjects } = columns;
  const index = new StudyIndex(
    {
      dataset: "mimic-cxr",
      root: "/data/mimic",
      synthetic: false,
      views: ["frontal", "lateral"],
      labels: ["Edema", "Pneumonia"],
      labelSource: "chexpert",
      policies: { uncertain: "zeros", blank: "zeros", pairs, splits: "official", splitSeed: 0 },
      source: {
        preprocessing: "radiograph",
        hasImages: false,
        locate: () => undefined,
        name: (image) =>
          `files/p10/p${subjects.ids[list.subject[images.study[image]!]!]}/s${list.ids[images.study[image]!]}/${
            images.ids[image]
          }.jpg`,
      },
    },
    columns,
    new DropLog({ strict: false }),
  );
  return { index, pairs: pairStudies(index) };
}

/** The types that {@linkcode npyFile} writes. */
export type NpyType = "<f2" | ">f2" | "<f4" | ">f4" | "<f8" | ">f8";

/** Writes a .npy file as NumPy does. */
export function npyFile(
  rows: readonly (readonly number[])[],
  options: { descr?: NpyType; fortran?: boolean; version?: 1 | 2 | 3 } = {},
): Uint8Array<ArrayBuffer> {
  const { descr = "<f4", fortran = false, version = 1 } = options;
  const [height, width] = [rows.length, rows[0]?.length ?? 0];
  const text = `{'descr': '${descr}', 'fortran_order': ${
    fortran ? "True" : "False"
  }, 'shape': (${height}, ${width}), }`;
  const prefix = version === 1 ? 10 : 12;
  const length = Math.ceil((prefix + text.length + 1) / 64) * 64;
  const size = Number(descr[2]);
  const file = new Uint8Array(length + height * width * size).fill(0x20, prefix, length);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(file.buffer);
  if (version === 1) view.setUint16(8, length - prefix, true);
  else view.setUint32(8, length - prefix, true);
  file.set(new TextEncoder().encode(text), prefix);
  file[length - 1] = 0x0a;
  const little = descr[0] === "<";
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = length + size * (fortran ? column * height + row : row * width + column);
      const value = rows[row]![column]!;
      if (size === 2) view.setFloat16(at, value, little);
      else if (size === 4) view.setFloat32(at, value, little);
      else view.setFloat64(at, value, little);
    }
  }
  return file;
}
