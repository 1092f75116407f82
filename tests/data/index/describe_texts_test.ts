/**
 * Tests of summaries of texts.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  describeIndex,
  describeTexts,
  openDataset,
  pairStudies,
  StudyTexts,
  summarizeIndex,
} from "../../../data/mod.ts";
import { dataSchema } from "../../../eval/results/results_schema.ts";
import { inTempDir, plainImages, writeMimic } from "../fixture.ts";

Deno.test("describeTexts() gives counts and lengths by split, of the studies in pairs", () =>
  inTempDir(async (root) => {
    const images = plainImages(4);
    // Study 50000001 has no lateral image, and therefore no pair.
    images.splice(3, 1);
    writeMimic(root, { images });
    const index = await openDataset({ root });
    const pairs = pairStudies(index);
    assert.equal(describeTexts(index, pairs), undefined);
    assert.equal("texts" in summarizeIndex(index, pairs), false);
    const texts = new StudyTexts(index.studies.count);
    index.texts = texts;
    const study = (id: number) => index.studies.ids.indexOf(String(id));
    texts.add(study(50000000), { findings: "One two three." });
    texts.add(study(50000001), { findings: "Not in a pair." });
    texts.add(study(50000002), { impression: "One.", reports: 2 });
    texts.add(study(50000003), { addenda: 1 });
    texts.add(study(50000007), { lastParagraph: "One two three four five." });
    assert.equal(texts.add(study(50000007), { findings: "Again." }), false);
    const found = describeTexts(index, pairs)!;
    assert.deepEqual(found, {
      section: "findings, else impression, else last paragraph",
      listed: {
        studies: 8,
        texts: 4,
        origins: { findings: 2, impression: 1, "findings and impression": 0, "last paragraph": 1 },
        noReport: 3,
        noSection: 1,
        severalReports: 1,
        addenda: 1,
      },
      counts: {
        studies: 7,
        texts: 3,
        origins: { findings: 1, impression: 1, "findings and impression": 0, "last paragraph": 1 },
        noReport: 3,
        noSection: 1,
        severalReports: 1,
        addenda: 1,
      },
      lengths: [
        { split: "train", texts: 2, min: 2, median: 2, mean: 3, p95: 4, max: 4 },
        { split: "validate", texts: 0 },
        { split: "test", texts: 1, min: 6, median: 6, mean: 6, p95: 6, max: 6 },
      ],
    });
    assert.deepEqual(summarizeIndex(index, pairs).texts, found);
    assert.deepEqual(dataSchema.parse(describeIndex(index, { pairs, imageSize: 16 })).texts, found);
  }));
