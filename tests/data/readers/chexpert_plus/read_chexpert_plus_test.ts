/**
 * Tests of the reader of CheXpert Plus.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { CHEST_LABELS, openDataset, pairStudies } from "../../../../data/mod.ts";
import { inTempDir, SMALL_JPEG } from "../../fixture.ts";

const HEADER = "path_to_image,path_to_dcm,frontal_lateral,ap_pa,deid_patient_id,patient_report_date_order,report," +
  "section_narrative,section_findings,section_impression,section_summary,age,sex,race,split";

/** A small CheXpert Plus, made up: images, and reports in sections. */
const ROWS = [
  'train/patient00001/study1/view1_frontal.jpg,x.dcm,Frontal,AP,patient00001,1,"r","","FINDINGS:\nClear.","Normal.",,70,Male,White,train',
  "train/patient00001/study1/view2_lateral.jpg,x.dcm,Lateral,,patient00001,1,r,,Clear.,Normal.,,70,Male,White,train",
  "train/patient00002/study1/view1_frontal.jpg,x.dcm,Frontal,PA,patient00002,1,r,,,Effusion.,,60,Female,Other,train",
  "train/patient00002/study1/view2_lateral.jpg,x.dcm,Lateral,,patient00002,1,r,,,Effusion.,,60,Female,Other,train",
  "valid/patient64541/study1/view1_frontal.jpg,x.dcm,Frontal,PA,patient64541,1,r,Told.,,,,60,Female,Other,valid",
  "../secret/patient1/study1/view1_frontal.jpg,x.dcm,Frontal,PA,patient1,1,secret,,,,,60,Female,Other,train",
  "train/patient00001/study1/view1_frontal.jpg,x.dcm,Frontal,AP,patient00001,1,r,,,,,70,Male,White,train",
];

function writePlus(root: string): void {
  Deno.writeTextFileSync(join(root, "df_chexpert_plus_240401.csv"), [HEADER, ...ROWS].join("\n") + "\n");
  for (const row of ROWS.slice(0, 5)) {
    const path = join(root, "PNG", row.split(",")[0]!.replace(".jpg", ".png"));
    Deno.mkdirSync(dirname(path), { recursive: true });
    Deno.writeFileSync(path, SMALL_JPEG);
  }
}

function jsonLine(path: string, labels: Readonly<Record<string, number | null>>): string {
  return JSON.stringify({
    path_to_image: path,
    ...Object.fromEntries(CHEST_LABELS.map((label) => [label, null])),
    ...labels,
  });
}

Deno.test("openDataset() reads CheXpert Plus with its sections, folders and CheXbert's labels", () =>
  inTempDir(async (root) => {
    writePlus(root);
    Deno.mkdirSync(join(root, "chexbert_labels"));
    const lines = [
      jsonLine("train/patient00001/study1/view1_frontal.jpg", { "No Finding": 1, Edema: 0 }),
      jsonLine("train/patient00001/study1/view2_lateral.jpg", { "No Finding": 1, Edema: 0 }),
      jsonLine("train/patient00002/study1/view1_frontal.jpg", { "Pleural Effusion": 1, Edema: -1 }),
      jsonLine("train/patient99999/study1/view1_frontal.jpg", {}),
      "{ secret",
    ];
    Deno.writeTextFileSync(join(root, "chexbert_labels/report_fixed.json"), lines.join("\n"));
    const index = await openDataset({ root, texts: true });
    assert.equal(index.dataset, "chexpert-plus");
    assert.equal(index.listed, 7);
    assert.equal(pairStudies(index).count, 2);
    assert.deepEqual(Array.from(index.images.view), [0, 1, 0, 1, 0]);
    assert.equal(index.source.name(0), "PNG/train/patient00001/study1/view1_frontal.png");
    assert.deepEqual([0, 1, 2].map((study) => index.texts!.get(study)), ["FINDINGS: Clear.", "Effusion.", "Told."]);
    const label = (study: number, name: string) => index.labelState(study, CHEST_LABELS.indexOf(name));
    assert.deepEqual([label(0, "No Finding"), label(0, "Edema"), label(1, "Edema")], [1, 2, 3]);
    const log = index.drops.entries().map(({ reason, count }) => [reason, count]);
    assert.deepEqual(log.sort(), [
      ["image identifier was listed before", 1],
      ["label row is about an unlisted image", 1],
      ["line of the label file is not a JSON object with path_to_image", 1],
      ["path names no patient and study, or could leave the data directory", 1],
      ["study has no row in the label file", 1],
    ]);
    assert.doesNotMatch(JSON.stringify(index.drops.entries()), /secret|Told/);
  }));

Deno.test("openDataset() reads CheXpert Plus with a label table, or without labels, and with its own split", () =>
  inTempDir(async (root) => {
    writePlus(root);
    const unlabelled = await openDataset({ root, splits: "official" });
    assert.ok(unlabelled.studies.states.every((state) => state === 0));
    assert.deepEqual(Array.from(unlabelled.subjects.split), [0, 0, 1]);
    const cells = CHEST_LABELS.map((label) => label === "Fracture" ? "1.0" : "").join(",");
    const paths = ROWS.slice(0, 5).map((row) => `CheXpert-v1.0/${row.split(",")[0]},${cells}`);
    Deno.writeTextFileSync(join(root, "train_cheXbert.csv"), [`Path,${CHEST_LABELS.join(",")}`, ...paths].join("\n"));
    const index = await openDataset({ root });
    assert.deepEqual([0, 1, 2].map((study) => index.labelState(study, CHEST_LABELS.indexOf("Fracture"))), [1, 1, 1]);
    Deno.writeTextFileSync(
      join(root, "df_chexpert_plus_240401.csv"),
      [HEADER, ROWS[0], ROWS[1]!.replace(/train$/, "valid")].join("\n"),
    );
    await assert.rejects(
      openDataset({ root, splits: "official" }),
      /the patient is in validate here and in train before/,
    );
  }));
