/**
 * Fixture: writes small data sets in the layout of MIMIC-CXR-JPG.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { CHEST_LABELS } from "../../data/index/labels.ts";

/** One image of a test data set. */
export interface FixtureImage {
  subject: string;
  study: string;
  position: string;
  split: string;
  /** Default `d` followed by a running number. */
  dicom?: string;
  /** File content; `null` writes none. Default: a small real JPEG. */
  content?: Uint8Array | null;
}

/** A test data set in the layout of MIMIC-CXR-JPG. */
export interface MimicFixture {
  images: readonly FixtureImage[];
  /**
   * Label cells by study and label; other cells are blank, and studies not listed have no row. Default: one blank row
   * per study.
   */
  labels?: Record<string, Record<string, string>>;
  gzip?: boolean;
  /** Edits the text of a table before it is written. */
  edit?: Partial<Record<"metadata" | "split" | "chexpert", (text: string) => string>>;
}

/** A small gray JPEG, one of the golden ones. */
export const SMALL_JPEG: Uint8Array = Deno.readFileSync(new URL("./golden/same_size_28.jpg", import.meta.url));

/** Two studies with both views for each of 10 subjects: 8 in train, 1 in validate, 1 in test. */
export function plainImages(subjects = 10): FixtureImage[] {
  const images: FixtureImage[] = [];
  for (let i = 0; i < subjects; i++) {
    const subject = String(10000000 + i);
    const split = i === subjects - 1 ? "test" : i === subjects - 2 ? "validate" : "train";
    for (let j = 0; j < 2; j++) {
      const study = String(50000000 + 2 * i + j);
      images.push({ subject, study, split, position: j === 0 ? "PA" : "AP" });
      images.push({ subject, study, split, position: j === 0 ? "LATERAL" : "LL" });
    }
  }
  return images;
}

/** Writes the tables and images under `root`. */
export function writeMimic(root: string, fixture: MimicFixture): void {
  const images = fixture.images.map((image, i) => ({ dicom: `d${i}`, content: SMALL_JPEG, ...image }));
  const metadata = ["dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns"];
  const split = ["dicom_id,study_id,subject_id,split"];
  const studies = new Map<string, string>();
  for (const { dicom, subject, study, position, split: name, content } of images) {
    metadata.push(`${dicom},${subject},${study},"CHEST (PA, LAT)",${position},28,28`);
    split.push(`${dicom},${study},${subject},${name}`);
    studies.set(study, subject);
    if (content === null) continue;
    const path = join(root, `files/p${subject.slice(0, 2)}/p${subject}/s${study}/${dicom}.jpg`);
    Deno.mkdirSync(dirname(path), { recursive: true });
    Deno.writeFileSync(path, content);
  }
  const labels: Record<string, Record<string, string>> = fixture.labels ??
    Object.fromEntries([...studies.keys()].map((study) => [study, {}]));
  const chexpert = [`subject_id,study_id,${CHEST_LABELS.join(",")}`];
  for (const [study, cells] of Object.entries(labels)) {
    chexpert.push([studies.get(study) ?? "10", study, ...CHEST_LABELS.map((label) => cells[label] ?? "")].join(","));
  }
  const tables = { metadata, split, chexpert };
  Deno.mkdirSync(root, { recursive: true });
  for (const [name, lines] of Object.entries(tables)) {
    const edit = fixture.edit?.[name as keyof typeof tables] ?? ((text: string) => text);
    writeTable(join(root, `mimic-cxr-2.0.0-${name}.csv`), edit(lines.join("\n") + "\n"), fixture.gzip ?? true);
  }
}

/** Writes a table, gzipped under NAME.csv.gz or plain. */
export function writeTable(path: string, text: string, gzip: boolean): void {
  if (gzip) Deno.writeFileSync(`${path}.gz`, gzipSync(text));
  else Deno.writeTextFileSync(path, text);
}

/** Runs a test body in a temporary directory. */
export async function inTempDir(body: (directory: string) => Promise<void> | void): Promise<void> {
  const directory = Deno.makeTempDirSync({ prefix: "mmvm-test-" });
  try {
    await body(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}
