/**
 * Reads and pairs an index of MIMIC-CXR-JPG's real size: 377,110 generated rows, gzipped as published. Must stay within
 * 20 s and 1 GiB.
 *
 *     deno run --allow-read --allow-write --allow-run --allow-env bench/index_scale.ts
 *
 * @module
 */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { CHEST_LABELS } from "../data/index/labels.ts";
import { cohortTable, describeIndex, openDataset, pairStudies, summarizeIndex } from "../data/mod.ts";
import { SeededRandom } from "../base/random.ts";

const IMAGES = 377_110;
const STUDIES = 227_835;
const SUBJECTS = 65_379;
const MAX_SECONDS = 20;
const MAX_BYTES = 2 ** 30;

/** View positions in their published proportions. */
const POSITIONS: readonly [string, number][] = [["AP", 147173], ["PA", 96161], ["LATERAL", 82853], ["LL", 35133], [
  "",
  15769,
], ["LAO", 21]];

function pickPosition(random: SeededRandom): string {
  let rest = random.below(IMAGES);
  for (const [position, count] of POSITIONS) {
    if (rest < count) return position;
    rest -= count;
  }
  return "";
}

function hex(random: SeededRandom): string {
  return random.uint32().toString(16).padStart(8, "0");
}

/** Writes the three tables with the published numbers of images, studies and patients. */
function generate(root: string): void {
  const random = new SeededRandom("index scale");
  const metadata = [
    "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate,StudyTime," +
    "ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,PatientOrientationCodeSequence_CodeMeaning",
  ];
  const split = ["dicom_id,study_id,subject_id,split"];
  const chexpert = [`subject_id,study_id,${CHEST_LABELS.join(",")}`];
  for (let image = 0; image < IMAGES; image++) {
    const study = Math.floor(image * STUDIES / IMAGES);
    const subject = Math.floor(study * SUBJECTS / STUDIES);
    const ids = { subject: 10_000_000 + subject, study: 50_000_000 + study };
    const dicom = Array.from({ length: 5 }, () => hex(random)).join("-");
    metadata.push(
      `${dicom},${ids.subject},${ids.study},"CHEST (PA, LAT)",${pickPosition(random)},3056,2544,21800506,213014.531,` +
        "CHEST (PORTABLE AP),antero-posterior,Erect",
    );
    split.push(
      `${dicom},${ids.study},${ids.subject},${
        subject % 128 === 0 ? "test" : subject % 130 === 1 ? "validate" : "train"
      }`,
    );
    if (chexpert.length <= study + 1) {
      const cells = CHEST_LABELS.map(() => ["", "", "", "", "1.0", "0.0", "-1.0"][random.below(7)]);
      chexpert.push(`${ids.subject},${ids.study},${cells.join(",")}`);
    }
  }
  for (const [name, lines] of Object.entries({ metadata, split, chexpert })) {
    Deno.writeFileSync(join(root, `mimic-cxr-2.0.0-${name}.csv.gz`), gzipSync(lines.join("\n") + "\n"));
  }
}

/** Reads and pairs in a child process, so that its peak memory is that of reading. */
async function measure(root: string): Promise<void> {
  const start = performance.now();
  const index = await openDataset({ root });
  const read = performance.now();
  const pairs = pairStudies(index);
  const paired = performance.now();
  cohortTable(index, pairs);
  describeIndex(index, { pairs, imageSize: 224 });
  const summary = summarizeIndex(index, pairs);
  const described = performance.now();
  console.log(JSON.stringify({
    rows: summary.images.listed,
    studies: index.studies.count,
    subjects: index.subjects.count,
    pairs: summary.pairs,
    readSeconds: (read - start) / 1000,
    pairSeconds: (paired - read) / 1000,
    describeSeconds: (described - paired) / 1000,
    peakBytes: peakMemory(),
  }));
}

/** The process's peak resident set size; the current one if the system does not report the peak. */
function peakMemory(): number {
  try {
    const line = /VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"));
    if (line !== null) return Number(line[1]) * 1024;
  } catch {
    // Not Linux.
  }
  return Deno.memoryUsage().rss;
}

async function main(): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "mmvm-scale-" });
  try {
    generate(root);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--allow-all", import.meta.url, root],
      stdout: "piped",
      stderr: "inherit",
    });
    const { code, stdout } = await child.output();
    if (code !== 0) throw new Error(`the measured process exited with code ${code}`);
    const result = JSON.parse(new TextDecoder().decode(stdout));
    console.log(result);
    const seconds = result.readSeconds + result.pairSeconds;
    console.log(
      `${seconds.toFixed(1)} s of ${MAX_SECONDS} s, ${(result.peakBytes / 2 ** 20).toFixed(0)} MiB of ${
        MAX_BYTES / 2 ** 20
      } MiB`,
    );
    if (seconds > MAX_SECONDS || result.peakBytes > MAX_BYTES) Deno.exit(1);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

if (import.meta.main) await (Deno.args[0] === undefined ? main() : measure(Deno.args[0]));
