import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type Camera, cameraOf, project } from "../../phantoms/camera.ts";
import { addBlobs } from "../../phantoms/blobs.ts";
import { castShadow } from "../../phantoms/cast.ts";
import { drawImage, drawStudy, sceneOf } from "../../phantoms/draw.ts";
import { expose, pixelOf } from "../../phantoms/film.ts";
import { type Finding, FINDINGS } from "../../phantoms/findings.ts";
import { phantomStudies, type StudyState } from "../../phantoms/patients.ts";
import { PHANTOM_VERSION } from "../../data/readers/phantom_record.ts";
import { drawTubes } from "../../phantoms/tubes.ts";

const SCALE = 0.03;
const HEALTHY = Object.fromEntries(FINDINGS.map((finding) => [finding, 0])) as Record<Finding, number>;
/** Studies with both views. */
const STUDIES = [...phantomStudies(5, 30)].filter(({ images }) =>
  cameraFor(images[0]).view === "frontal" && cameraFor(images.at(-1)).view === "lateral"
).slice(0, 8);

function cameraFor(image: StudyState["images"][number] | undefined): Camera {
  assert.ok(image !== undefined);
  // A fixed camera, so that scenes rather than poses are compared.
  return { ...cameraOf(5, image, SCALE), turn: 0, u: 0, v: 0, angle: 0, magnification: 1 };
}

function having(study: StudyState, severities: Partial<Record<Finding, number>>): StudyState {
  return { ...study, severities: { ...HEALTHY, ...severities } };
}

/** The attenuation at each pixel of the first (frontal) and last (lateral) image, before noise and equalisation. */
function attenuations(study: StudyState): { frontal: Float32Array; lateral: Float32Array } {
  const scene = sceneOf(study);
  const render = (image: StudyState["images"][number] | undefined): Float32Array => {
    const camera = cameraFor(image);
    const shadow = castShadow(scene, camera, 0.3);
    addBlobs(shadow, scene, camera);
    const film = expose(shadow.attenuation, camera);
    drawTubes(film, scene.tubes, camera);
    return film.values;
  };
  return { frontal: render(study.images[0]), lateral: render(study.images.at(-1)) };
}

/** Air-filled length summed over the detector: the volume of both lungs in cubic centimetres, as seen in this view. */
function lungVolume(study: StudyState, view: "frontal" | "lateral"): number {
  const step = 0.3;
  const camera = cameraFor(view === "frontal" ? study.images[0] : study.images.at(-1));
  const { air } = castShadow(sceneOf(study), camera, step);
  return [...air.right, ...air.left].reduce((sum, length) => sum + length, 0) * step * step;
}

function changed(a: Float32Array, b: Float32Array): number {
  return a.reduce((count, value, i) => count + (Math.abs(value - b[i]!) > 0.5 ? 1 : 0), 0) / a.length;
}

Deno.test("drawStudy() is determined by the seed", () => {
  const digest = (seed: number) => {
    const hash = createHash("sha256");
    for (const study of phantomStudies(seed, 3)) {
      for (const { pixels } of drawStudy(study, { scale: SCALE })) hash.update(pixels);
    }
    return hash.digest("hex");
  };
  assert.equal(digest(3), digest(3));
  assert.notEqual(digest(3), digest(4));
});

Deno.test("drawn files are unchanged for this PHANTOM_VERSION (raise it if they change on purpose)", () => {
  const hash = createHash("sha256");
  for (const study of phantomStudies(7, 4)) {
    const { ordinal: _, ...state } = study;
    hash.update(JSON.stringify(state));
    for (const { pixels } of drawStudy(study, { scale: SCALE })) hash.update(pixels);
  }
  assert.deepEqual([PHANTOM_VERSION, hash.digest("hex").slice(0, 16)], [5, "7b82989c97f319ef"]);
});

Deno.test("drawStudy() returns each image of the study with its size and an equalised histogram", () => {
  for (const study of STUDIES) {
    const images = drawStudy(study, { scale: 0.05 });
    assert.equal(images.length, study.images.length);
    images.forEach(({ width, height, pixels }, i) => {
      assert.equal(width, Math.round(study.images[i]!.fullColumns * 0.05));
      assert.equal(height, Math.round(study.images[i]!.fullRows * 0.05));
      assert.equal(pixels.length, width * height);
      // Collimated margins may take up to a fifth of the pixels; the others are distributed evenly.
      const lit = pixels.filter((level) => level > 0);
      assert.ok(lit.length > 0.75 * pixels.length);
      for (const quarter of [0, 1, 2, 3]) {
        const share = lit.filter((level) => level >> 6 === quarter).length / lit.length;
        assert.ok(Math.abs(share - 0.25) < 0.03, `quarter ${quarter}: ${share}`);
      }
    });
  }
});

Deno.test("drawImage() draws two frontal images of a study with different pose and noise but the same scene", () => {
  const study = [...phantomStudies(1, 100)].find(({ images }) => images[0]?.projection === images[1]?.projection);
  assert.ok(study !== undefined);
  const scene = sceneOf(study);
  const [a, b] = study.images.map((image) => drawImage(scene, image, { seed: 1, scale: SCALE }));
  assert.notDeepEqual(a!.pixels, b!.pixels);
});

Deno.test("every finding changes both views of a study", () => {
  for (const study of STUDIES.slice(0, 4)) {
    const healthy = attenuations(having(study, {}));
    for (const finding of FINDINGS) {
      const sick = attenuations(having(study, { [finding]: 0.9 }));
      for (const view of ["frontal", "lateral"] as const) {
        const share = changed(healthy[view], sick[view]);
        assert.ok(share > 0.004, `${finding}, ${view}: ${share}`);
      }
    }
  }
});

Deno.test("higher severity changes more of the image", () => {
  // The area of devices and fractures need not grow, because they are added at random.
  const growing: Finding[] = ["Cardiomegaly", "Edema", "Pleural Effusion", "Lung Lesion", "Consolidation", "Pneumonia"];
  for (const finding of growing) {
    let mild = 0;
    let severe = 0;
    for (const study of STUDIES) {
      const healthy = attenuations(having(study, {})).frontal;
      mild += changed(healthy, attenuations(having(study, { [finding]: 0.2 })).frontal);
      severe += changed(healthy, attenuations(having(study, { [finding]: 1 })).frontal);
    }
    assert.ok(severe > mild, `${finding}: ${mild} to ${severe}`);
  }
});

Deno.test("a finding does not affect the random draws of another", () => {
  for (const study of STUDIES.slice(0, 3)) {
    const lesion = sceneOf(having(study, { "Lung Lesion": 0.7 })).blobs;
    const both = sceneOf(having(study, { "Lung Lesion": 0.7, "Consolidation": 0.7 })).blobs;
    for (const blob of lesion) assert.ok(both.some((other) => JSON.stringify(other) === JSON.stringify(blob)));
  }
});

Deno.test("cardiomegaly reduces the lung volume by the same amount in both views", () => {
  for (const study of STUDIES) {
    const [healthy, sick] = [having(study, {}), having(study, { "Cardiomegaly": 0.9 })];
    const lost = (["frontal", "lateral"] as const).map((view) => lungVolume(healthy, view) - lungVolume(sick, view));
    assert.ok(lost.every((volume) => volume > 60), `${lost}`);
    assert.ok(Math.abs(lost[0]! - lost[1]!) < 0.35 * lost[0]!, `${lost}`);
  }
});

Deno.test("the lungs have about the same volume in both views", () => {
  for (const study of STUDIES) {
    const [frontal, lateral] = [lungVolume(having(study, {}), "frontal"), lungVolume(having(study, {}), "lateral")];
    assert.ok(frontal > 2000 && frontal < 8000, `${frontal}`);
    assert.ok(Math.abs(frontal - lateral) < 0.12 * frontal, `${frontal} ${lateral}`);
  }
});

Deno.test("an effusion fills the lungs from below in both views", () => {
  for (const study of STUDIES) {
    const [healthy, sick] = [having(study, {}), having(study, { "Pleural Effusion": 0.9 })].map(attenuations);
    for (const view of ["frontal", "lateral"] as const) {
      const image = cameraFor(view === "frontal" ? study.images[0] : study.images.at(-1));
      let above = 0;
      let below = 0;
      for (let row = 0; row < image.height; row++) {
        for (let column = 0; column < image.width; column++) {
          const i = row * image.width + column;
          const gain = sick![view][i]! - healthy![view][i]!;
          if (row < image.height * 0.4) above += gain;
          else below += gain;
        }
      }
      assert.ok(below > 0 && above < 0.25 * below, `${view}: ${above} above, ${below} below`);
    }
  }
});

Deno.test("a lesion appears in both views at the projection of its position", () => {
  let seen = 0;
  for (const study of STUDIES) {
    const [plain, sick] = [having(study, {}), having(study, { "Lung Lesion": 1 })];
    const healthy = new Set(sceneOf(plain).blobs.map((blob) => JSON.stringify(blob)));
    const lesion = sceneOf(sick).blobs.find((blob) => !healthy.has(JSON.stringify(blob)));
    assert.ok(lesion !== undefined);
    const [before, after] = [attenuations(plain), attenuations(sick)];
    const gains = (["frontal", "lateral"] as const).map((view) => {
      const camera = cameraFor(view === "frontal" ? study.images[0] : study.images.at(-1));
      const { column, row } = pixelOf(camera, project(camera, lesion));
      const i = Math.round(row) * camera.width + Math.round(column);
      return after[view][i]! - before[view][i]!;
    });
    // It displaces only air, so over the heart it may add little attenuation, but never reduces it.
    assert.ok(gains.every((gain) => gain > -1e-3), `${gains}`);
    if (gains.every((gain) => gain > 1)) seen++;
  }
  assert.ok(seen >= STUDIES.length - 2, `${seen} of ${STUDIES.length}`);
});

Deno.test("a pneumothorax darkens the side of the frontal image", () => {
  for (const study of STUDIES) {
    const [healthy, sick] = [having(study, {}), having(study, { "Pneumothorax": 0.9 })].map(attenuations);
    const camera = cameraFor(study.images[0]);
    const gain = sick!.frontal.map((value, i) => value - healthy!.frontal[i]!);
    const upper = gain.subarray(0, camera.width * Math.round(camera.height * 0.45));
    const darker = upper.filter((value) => value < -0.5).length;
    assert.ok(darker > 0.02 * upper.length, `${darker} of ${upper.length}`);
  }
});

Deno.test("pixelOf() is the inverse of the mapping in expose()", () => {
  const camera = { ...cameraFor(STUDIES[0]!.images[0]), u: 1.3, v: -0.7, angle: 0.3 };
  const step = 0.5;
  // A field whose values are its u coordinates.
  const columns = 120;
  const field = {
    columns,
    rows: 120,
    left: -30,
    top: 30,
    step,
    values: Float32Array.from({ length: columns * 120 }, (_, i) => -30 + (i % columns) * step),
  };
  const film = expose(field, camera);
  for (const [u, v] of [[0, 0], [4, 3], [-6, 5]] as const) {
    const { column, row } = pixelOf(camera, { u, v });
    const seen = film.values[Math.round(row) * camera.width + Math.round(column)]!;
    assert.ok(Math.abs(seen - u) < camera.pixel, `${seen} for ${u}`);
  }
});
