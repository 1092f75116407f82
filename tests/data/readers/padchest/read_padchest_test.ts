/**
 * Tests of the reader of PadChest.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { CHEST_LABELS, openDataset, pairStudies } from "../../../../data/mod.ts";
import {
  isPadchestLabel,
  PADCHEST_MEANINGS,
  PADCHEST_OTHER,
  PADCHEST_UNCERTAIN,
  padchestLabels,
  parsePythonList,
} from "../../../../data/readers/padchest/padchest_labels.ts";
import { inTempDir, SMALL_JPEG } from "../../fixture.ts";

const HEADER =
  ",ImageID,ImageDir,StudyDate_DICOM,StudyID,PatientID,PatientBirth,Projection,MethodProjection,Pediatric," +
  "Report,MethodLabel,Labels,Localizations";
const NAME = "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv";

/** The rows of a small PadChest, made up. */
const ROWS = [
  `0,a_1.png,0,20140915,s1,p1,1930.0,PA,Manual review,No PED,sin hallazgos . ,Physician,['normal'],[]`,
  `1,a_2.png,0,20140915,s1,p1,1930.0,L,Manual review,No PED,sin hallazgos . ,Physician,['normal'],[]`,
  `2,b_1.png,1,20140915,s2,p2,1930.0,AP_horizontal,x,No PED,derram . ,RNN_model,"['pleural effusion', 'NSG tube']",[]`,
  `3,b_2.png,1,20140915,s2,p2,1930.0,L,x,No PED,derram . ,RNN_model,"['pleural effusion', 'NSG tube ']",[]`,
  `4,b_3.png,1,20140915,s2,p2,1930.0,COSTAL,x,No PED,derram . ,RNN_model,"['pleural effusion', 'NSG tube']",[]`,
  `5,c_1.png,0,20140915,s3,p3,2010.0,PA,x,PED,normal . ,Physician,['normal'],[]`,
  `6,d_1.png,0,20140915,s4,p4,1930.0,PA,x,No PED,nan,Physician,['exclude'],[]`,
  `7,e_1.png,0,20140915,s5,p5,1930.0,PA,x,No PED,igual . ,Physician,['unchanged'],[]`,
  `8,f_1.png,0,20140915,s6,p6,1930.0,PA,x,No PED,secret . ,Physician,not a list,[]`,
  `9,g_1.png,0,20140915,s7,p7,1930.0,PA,x,No PED,raro . ,Physician,['new label'],[]`,
  `10,../h.png,0,20140915,s8,p8,1930.0,PA,x,No PED,secret . ,Physician,['normal'],[]`,
  `11,a_1.png,0,20140915,s1,p1,1930.0,PA,x,No PED,secret . ,Physician,['normal'],[]`,
];

Deno.test("openDataset() reads PadChest's table, folders, views, labels and reports", () =>
  inTempDir(async (root) => {
    Deno.writeTextFileSync(join(root, NAME), [HEADER, ...ROWS].join("\n") + "\n");
    for (const path of ["0/a_1", "0/a_2", "1/b_1", "1/b_2", "1/b_3", "0/d_1", "0/e_1", "0/f_1", "0/g_1"]) {
      Deno.mkdirSync(dirname(join(root, path)), { recursive: true });
      Deno.writeFileSync(join(root, `${path}.png`), SMALL_JPEG);
    }
    const index = await openDataset({ root, texts: true });
    assert.equal(index.dataset, "padchest");
    assert.equal(index.listed, 12);
    assert.equal(index.policies.splits, "paper");
    assert.equal(pairStudies(index).count, 2);
    assert.deepEqual(Array.from(index.images.view).slice(0, 5), [0, 1, 0, 1, -1]);
    assert.equal(index.source.name(2), "1/b_1.png");
    assert.equal(index.texts!.get(0), "sin hallazgos .");
    const label = (study: number, name: string) => index.labelState(study, CHEST_LABELS.indexOf(name));
    assert.deepEqual([label(0, "No Finding"), label(0, "Edema")], [1, 2]);
    assert.deepEqual([label(1, "Pleural Effusion"), label(1, "Support Devices"), label(1, "No Finding")], [1, 1, 2]);
    const unchanged = index.studies.ids.indexOf("p5/s5");
    assert.equal(label(unchanged, "Edema"), 0);
    const log = index.drops.entries().map(({ reason, count, kept }) => [reason, count, kept ?? false]);
    assert.deepEqual(log.sort(), [
      ["image identifier was listed before", 1, false],
      ["image shows a child (Pediatric is PED)", 1, false],
      ["image's name is not safe, or patient or study is blank", 1, false],
      ["label is none of PadChest's", 1, true],
      ["labels are not a list of words", 1, false],
      ["report is labelled exclude", 1, false],
      ["row's labels differ from those of the study's first row", 1, true],
    ]);
    assert.doesNotMatch(JSON.stringify(index.drops.entries()), /secret|raro|p8|1930/);
    await assert.rejects(openDataset({ root, splits: "official" }), /has no official split/);
  }));

Deno.test("padchestLabels() gives every one of PadChest's labels a place", () => {
  const meant = [...new Set(Object.values(PADCHEST_MEANINGS).flat())];
  const uncertain = Object.values(PADCHEST_UNCERTAIN).flat();
  // 174 findings and 19 differential diagnoses, of which `covid 19` and `viral pneumonia` came later.
  assert.ok(meant.length + uncertain.length + PADCHEST_OTHER.length >= 174 + 19 - 3);
  assert.deepEqual(meant.filter((label) => PADCHEST_OTHER.includes(label)), []);
  for (const [label, words] of Object.entries(PADCHEST_MEANINGS)) {
    for (const word of words) {
      assert.ok(isPadchestLabel(word));
      assert.equal(padchestLabels([word])[CHEST_LABELS.indexOf(label)], 1, word);
    }
  }
  assert.equal(padchestLabels(["costophrenic angle blunting"])[CHEST_LABELS.indexOf("Pleural Effusion")], 3);
  assert.ok(PADCHEST_OTHER.every((word) => !padchestLabels([word]).includes(1)));
});

Deno.test("docs/open_data.md lists the labels that mean each of the 14", () => {
  const docs = Deno.readTextFileSync(new URL("../../../../docs/open_data.md", import.meta.url));
  const [, section] = docs.split("## PadChest");
  const rows = section!.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  for (const [label, words] of Object.entries(PADCHEST_MEANINGS)) {
    const uncertain = PADCHEST_UNCERTAIN[label];
    const text = `${words.join(", ")}${uncertain === undefined ? "" : `; uncertain: ${uncertain.join(", ")}`}`;
    assert.equal(rows.find((cells) => cells[1] === label)?.[2], text, label);
  }
});

Deno.test("parsePythonList() reads what Python writes, and nothing else", () => {
  assert.deepEqual(parsePythonList(`['a', "b's", 'c\\'d', ' E  f ']`), ["a", "b's", "c'd", "e f"]);
  assert.deepEqual(["", "nan", "[]", "[ ]"].map(parsePythonList), [[], [], [], []]);
  for (const cell of ["a", "['a'", "['a' 'b']", "[a]", "['a", `["a']`, "{'a'}"]) {
    assert.equal(parsePythonList(cell), undefined);
  }
  fc.assert(fc.property(fc.array(fc.stringMatching(/^[a-z]{1,8}$/)), (words) => {
    assert.deepEqual(parsePythonList(`[${words.map((word) => `'${word}'`).join(", ")}]`), words);
  }));
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom("'", '"', "\\", ",", "[", "]", "a", " ") }), (text) => {
    parsePythonList(`[${text}]`);
  }));
  assert.equal(parsePythonList(`[${"'".repeat(100_001)}]`), undefined);
});
