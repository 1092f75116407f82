import { join } from "node:path";
import { readCsv } from "./csv.ts";
import { DropLog } from "../index/drop_log.ts";
import { DataError } from "../../base/errors.ts";
import { exists, findTable, requireDirectory } from "./find_table.ts";
import { fileSource } from "../image/image_source.ts";
import { CHEST_LABELS, LABEL_ALIASES } from "../index/labels.ts";
import { raggedExample, raggedRow, StudyLabels } from "./label_table.ts";
import type { ReadOptions } from "./read_options.ts";
import { looksLikePhantoms } from "./phantom_record.ts";
import { quoted, unsafePathReason } from "../../base/safe_path.ts";
import { IndexBuilder, SPLITS, StudyIndex } from "../index/study_index.ts";
import { CHEST_VIEWS } from "../index/views.ts";

/** The tables and the splits that they are. `test.csv` came later and is often missing. */
const TABLES = [["train", "train"], ["valid", "validate"], ["test", "test"]] as const;

/** The directory with `train.csv`: the given one, or a folder `CheXpert-v1.0...` in it; `undefined` where there is none. */
export function findChexpert(root: string): string | undefined {
  const candidates = [root, ...childDirectories(root).map((name) => join(root, name))];
  return candidates.find((directory) => isChexpertTable(findTable(directory, ["train"])));
}

/** True where the data set has a test table, and so an official split that can be evaluated. */
export function chexpertHasTest(root: string): boolean {
  const directory = findChexpert(root);
  return directory !== undefined && findTable(directory, ["test"]) !== undefined;
}

function childDirectories(root: string): string[] {
  if (!exists(root, "directory")) return [];
  return [...Deno.readDirSync(root)].map(({ name }) => name).filter((name) => /^CheXpert-v1\.0/.test(name)).sort();
}

/** Plain tables are looked into, so that another data set's `train.csv` is not taken for CheXpert's. */
function isChexpertTable(path: string | undefined): boolean {
  if (path === undefined) return false;
  if (path.endsWith(".gz")) return true;
  using file = Deno.openSync(path);
  const head = new Uint8Array(4096);
  const length = file.readSync(head) ?? 0;
  return /^\uFEFF?"?Path"?,/.test(new TextDecoder().decode(head.subarray(0, length)));
}

/**
 * Reads CheXpert (`train.csv`, `valid.csv`, and `test.csv` where there is one): patients and studies out of the paths, views out of the column
 * `Frontal/Lateral`, labels by name. Nothing is decoded.
 *
 * @throws {DataError} for a missing directory, table or column.
 */
export async function readChexpert(root: string, options: ReadOptions): Promise<StudyIndex> {
  requireDirectory(root);
  const directory = findChexpert(root);
  if (directory === undefined) throw new DataError("CheXpert's train.csv is missing.", { file: root });
  const drops = new DropLog({ strict: options.strict });
  const builder = new IndexBuilder();
  const labels = new StudyLabels(drops);
  let listed = 0;
  for (const [table, split] of TABLES) {
    const path = findTable(directory, [table]);
    if (path === undefined) continue;
    listed += await readTable(path, { builder, drops, labels, options, split: SPLITS.indexOf(split) });
  }
  if (listed === 0) throw new DataError("CheXpert's tables have no rows.", { file: directory });
  const columns = builder.columns(CHEST_LABELS.length);
  const index = new StudyIndex(
    {
      dataset: "chexpert",
      root: directory,
      synthetic: looksLikePhantoms(directory),
      views: CHEST_VIEWS,
      labels: CHEST_LABELS,
      labelSource: "chexpert",
      policies: options.policies,
      source: fileSource(directory, { preprocessing: "radiograph", name: (image) => columns.images.ids[image]! }),
    },
    columns,
    drops,
  );
  index.listed = listed;
  labels.fill(index);
  return index;
}

interface TableContext {
  builder: IndexBuilder;
  drops: DropLog;
  labels: StudyLabels;
  options: ReadOptions;
  split: number;
}

async function readTable(path: string, { builder, drops, labels, options, split }: TableContext): Promise<number> {
  return await readCsv(path, {
    columns: ["Path", "Frontal/Lateral", "AP/PA", ...CHEST_LABELS],
    aliases: LABEL_ALIASES,
    onRow: ([rawPath, side, position, ...cells], line) => {
      const place = `${path}, line ${line}`;
      const refuse = (reason: string, what: string) =>
        void drops.add({ step: "rows", reason, unit: "row", fault: true }, `${place}: ${what}`);
      const image = rawPath!.trim().replace(/^CheXpert-v1\.0[^/]*\//, "");
      const unsafe = unsafePathReason(image);
      if (unsafe !== undefined) return refuse("path could leave the data directory", `${quoted(rawPath!)}: ${unsafe}`);
      const match = /(?:^|\/)(patient[0-9]+)\/(study[0-9]+)\/[^/]+$/.exec(image);
      if (match === null) return refuse("path names no patient and study", quoted(rawPath!));
      const subject = builder.subject(match[1]!);
      const known = builder.split(subject);
      if (known >= 0 && known !== split && options.splits === "official") {
        throw new DataError(
          `${match[1]} is in ${SPLITS[split]} here and in ${SPLITS[known]} before; no patient may be in two splits.`,
          { file: path, line, column: "Path" },
        );
      }
      builder.setSplit(subject, split);
      const study = builder.study(`${match[1]}/${match[2]}`, subject)!;
      const view = ["Frontal", "Lateral"].indexOf(side!.trim());
      const shown = position!.trim() || (view === 1 ? "LATERAL" : side!.trim());
      if (builder.image(image, { study, view, position: shown }) === undefined) {
        return refuse("image identifier was listed before", quoted(rawPath!));
      }
      labels.add({ study, cells, place, names: CHEST_LABELS });
    },
    onRagged: (line, fields, expected) => drops.add(raggedRow("rows"), raggedExample(path, line, { fields, expected })),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}
