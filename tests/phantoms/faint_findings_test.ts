import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { viewOf } from "../../phantoms/exposures.ts";
import { faintFindingsOf, FAINTNESS } from "../../phantoms/faint_findings.ts";
import { type Finding, FINDINGS } from "../../phantoms/findings.ts";
import { layoutOf } from "../../phantoms/layout.ts";
import {
  arePhantoms,
  drawImage,
  drawStudy,
  phantomStudies,
  sceneOf,
  type StudyState,
  writePhantoms,
} from "../../phantoms/mod.ts";
import { inTempDir } from "../data/fixture.ts";

const SCALE = 0.03;
const HEALTHY = Object.fromEntries(FINDINGS.map((finding) => [finding, 0])) as Record<Finding, number>;
const [STUDY] = phantomStudies(5, 1);

function having(finding: Finding): StudyState {
  return { ...STUDY!, severities: { ...HEALTHY, [finding]: 0.8 } };
}

Deno.test("without faint findings the images are those of one scene", () => {
  for (const study of phantomStudies(2, 4)) {
    assert.deepEqual(drawStudy(study, { scale: SCALE, faintFindings: 0 }), drawStudy(study, { scale: SCALE }));
  }
});

Deno.test("a faint finding changes the images of one view only, those of all its exposures", () => {
  let several = 0;
  for (const study of phantomStudies(2, 40)) {
    const present = FINDINGS.filter((finding) => study.severities[finding] > 0);
    if (present.length !== 1 || study.images.length < 2) continue;
    const where = (["frontal", "lateral"] as const).find((view) =>
      faintFindingsOf(study, { view, share: 1 }).has(present[0]!)
    );
    const [plain, faint] = [drawStudy(study, { scale: SCALE }), drawStudy(study, { scale: SCALE, faintFindings: 1 })];
    study.images.forEach((image, i) => {
      const isEqual = plain[i]!.pixels.every((level, j) => level === faint[i]!.pixels[j]);
      assert.equal(isEqual, viewOf(image) !== where, `${present} in image ${i} of study ${study.index}`);
    });
    several++;
  }
  assert.ok(several >= 3, `${several} studies have one finding and several images`);
});

Deno.test("a faint finding changes either view, but less than the whole one", () => {
  const studies = [...phantomStudies(5, 12)].filter(({ images }) => images.length === 2);
  const drawn = (study: StudyState, severity: Partial<Record<Finding, number>>, faint: ReadonlySet<Finding>) => {
    const scene = sceneOf({ ...study, severities: { ...HEALTHY, ...severity } }, faint);
    return study.images.map((image) => drawImage(scene, image, { seed: 5, scale: SCALE }).pixels);
  };
  const healthy = studies.map((study) => drawn(study, {}, new Set()));
  for (const finding of FINDINGS) {
    const changes = [new Set<Finding>(), new Set([finding])].map((faint) => {
      const sums = [0, 0];
      for (const [i, study] of studies.entries()) {
        for (const [j, pixels] of drawn(study, { [finding]: 0.8 }, faint).entries()) {
          sums[j]! += pixels.reduce((sum, level, k) => sum + (level - healthy[i]![j]![k]!) ** 2, 0);
        }
      }
      return sums;
    });
    for (const view of [0, 1]) {
      const ratio = Math.sqrt(changes[1]![view]! / changes[0]![view]!);
      assert.ok(ratio > 0 && ratio < 2 / 3, `${finding} in image ${view}: ${ratio}`);
    }
  }
});

Deno.test("an effusion that is faint rises by a quarter of its height above where fluid begins to show", () => {
  const level = (faint: ReadonlySet<Finding>) => {
    const { lungs } = sceneOf(having("Pleural Effusion"), faint);
    return Math.max(...[lungs.left, lungs.right].map(({ fluid, dome }) => fluid - dome + 3.2));
  };
  const whole = level(new Set());
  assert.ok(whole > 1, `${whole}`);
  assert.ok(Math.abs(level(new Set(["Pleural Effusion"])) - FAINTNESS * whole) < 1e-9);
});

Deno.test("the share is that of pairs of study and finding, half of them in each view, never in both", () => {
  const studies = [...phantomStudies(9, 600)];
  const counts = { frontal: 0, lateral: 0 };
  for (const study of studies) {
    const [frontal, lateral] = (["frontal", "lateral"] as const).map((view) =>
      faintFindingsOf(study, { view, share: 0.3 })
    );
    assert.ok(frontal!.isDisjointFrom(lateral!));
    counts.frontal += frontal!.size;
    counts.lateral += lateral!.size;
    for (const view of ["frontal", "lateral"] as const) {
      const [none, some, all] = [0, 0.3, 1].map((share) => faintFindingsOf(study, { view, share }));
      assert.equal(none!.size, 0);
      assert.ok(some!.isSubsetOf(all!));
    }
    const everywhere = (["frontal", "lateral"] as const).map((view) => faintFindingsOf(study, { view, share: 1 }));
    assert.equal(everywhere[0]!.union(everywhere[1]!).size, FINDINGS.length);
  }
  const pairs = studies.length * FINDINGS.length;
  // Five standard deviations of a binomial count.
  const within = (count: number, p: number) => Math.abs(count - p * pairs) < 5 * Math.sqrt(p * (1 - p) * pairs);
  assert.ok(within(counts.frontal + counts.lateral, 0.3), `${counts.frontal + counts.lateral} of ${pairs}`);
  assert.ok(within(counts.frontal, 0.15) && within(counts.lateral, 0.15), `${counts.frontal}, ${counts.lateral}`);
});

Deno.test("phantoms with faint findings have the tables and reports of those without, and are told apart", () =>
  inTempDir(async (directory) => {
    const settings = { studies: 12, seed: 3, scale: 0.02, workers: 1 };
    const [plain, faint] = [join(directory, "plain"), join(directory, "faint")];
    await writePhantoms(plain, settings);
    await writePhantoms(faint, { ...settings, faintFindings: 0.6 });
    const sums = (root: string) => readFileSync(join(root, "SHA256SUMS.txt"), "utf8").trimEnd().split("\n");
    const other = new Set(sums(faint)).difference(new Set(sums(plain)));
    assert.ok(other.size > 0 && [...other].every((line) => line.endsWith(".jpg")), [...other].join("\n"));
    assert.equal(sums(faint).length, sums(plain).length);
    const names = [...phantomStudies(3, 12)].flatMap((study) =>
      study.images.map((image) => layoutOf("mimic-cxr").imagePath(study, image))
    );
    assert.equal(await arePhantoms(faint, names), true);
    assert.equal((await writePhantoms(faint, { ...settings, faintFindings: 0.6 })).reused, true);
    await assert.rejects(
      writePhantoms(faint, settings),
      /other phantoms \(12 studies, seed 3, scale 0\.02, layout mimic-cxr, faint findings 0\.6\)/,
    );
    await assert.rejects(writePhantoms(plain, { ...settings, faintFindings: 0.6 }), /holds other phantoms/);
    await assert.rejects(
      writePhantoms(join(directory, "none"), { ...settings, faintFindings: 1.2 }),
      /faintFindings is 1\.2, but must be from 0 to 1/,
    );
  }));
