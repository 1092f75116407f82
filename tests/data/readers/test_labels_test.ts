import assert from "node:assert/strict";
import { join } from "node:path";
import { CHEST_LABELS, LABEL_STATES, openDataset, pairStudies, summarizeIndex } from "../../../data/mod.ts";
import { plainImages, writeMimic } from "../fixture.ts";

const TABLE = "mimic-cxr-2.1.0-test-set-labeled.csv";

/** A table with the labels of two studies, in the spelling of MIMIC-CXR-JPG's. */
function tableOf(rows: readonly (readonly [string, string])[]): string {
  const head = CHEST_LABELS.map((label) => label === "Lung Opacity" ? "Airspace Opacity" : label);
  const cells = (first: string) => [first, ...CHEST_LABELS.slice(1).map(() => "0")];
  return [["study_id", ...head], ...rows.map(([study, first]) => [study, ...cells(first)])]
    .map((row) => row.join(",")).join("\n") + "\n";
}

async function inMimic(work: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    writeMimic(root, { images: plainImages(4) });
    await work(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("openDataset() reads the radiologists' labels if they are in the data directory, or on request", async () => {
  await inMimic(async (root) => {
    assert.equal((await openDataset({ root })).testLabels, undefined);
    await assert.rejects(
      openDataset({ root, testLabels: "radiologists" }),
      /test-set-labeled\.csv\.gz \(or \.csv\) is missing/,
    );
    const rows = [["50000006", "1"], ["s50000007", "-1"], ["59999999", "1"]] as const;
    await Deno.writeTextFile(join(root, TABLE), tableOf(rows));
    for (const testLabels of [undefined, "radiologists", join(root, TABLE)]) {
      const index = await openDataset({ root, testLabels });
      const { source, labelled, states } = index.testLabels!;
      assert.equal(source, testLabels?.startsWith("/") ? TABLE : "radiologists");
      const studies = ["50000006", "50000007"].map((id) => index.studies.ids.indexOf(id));
      assert.deepEqual([...labelled.keys()].filter((study) => labelled[study] === 1), studies);
      const second = summarizeIndex(index, pairStudies(index)).testLabels!;
      assert.deepEqual([second.source, second.studies], [source, 2]);
      const [first, other] = CHEST_LABELS;
      assert.deepEqual(second.labels[first!], { positive: 1, negative: 0, uncertain: 1, blank: 0 });
      assert.deepEqual(second.labels[other!], { positive: 0, negative: 2, uncertain: 0, blank: 0 });
      assert.deepEqual(
        studies.map((study) => [...states.subarray(study * CHEST_LABELS.length).subarray(0, 2)]),
        [[LABEL_STATES.positive, LABEL_STATES.negative], [LABEL_STATES.uncertain, LABEL_STATES.negative]],
      );
      assert.equal(index.labelState(studies[0]!, 0), LABEL_STATES.blank, "the index keeps its own labels");
    }
    assert.equal((await openDataset({ root, labelSource: "test-set" })).testLabels, undefined);
    await assert.rejects(
      openDataset({ root, labelSource: "test-set", testLabels: "radiologists" }),
      /--labels test-set tests on the radiologists' labels already/,
    );
  });
});

Deno.test("openDataset() refuses a second label set that is damaged or of other studies", async () => {
  await inMimic(async (root) => {
    const path = join(root, "second.csv");
    const cases: [string, RegExp][] = [
      [tableOf([["59999999", "1"]]), /second\.csv: none of its studies is one of the data/],
      [tableOf([["50000006", "1"], ["50000006", "0"]]), /second\.csv, line 3: the study has a row before; remove one/],
      [
        tableOf([["50000006", "maybe"]]),
        /second\.csv, line 2, column "Atelectasis": "maybe" is none of 1, 0, -1 and blank/,
      ],
      ["study_id,Edema\n50000006,1\n", /second\.csv, line 1, column "Atelectasis": the column is missing/],
    ];
    for (const [text, message] of cases) {
      await Deno.writeTextFile(path, text);
      await assert.rejects(openDataset({ root, testLabels: path }), message);
    }
  });
});
