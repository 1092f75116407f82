import assert from "node:assert/strict";
import fc from "fast-check";
import { CHEST_LABELS, LABEL_STATES } from "../../data/index/labels.ts";
import { FINDINGS, showsNothing } from "../../phantoms/findings.ts";
import { MILD } from "../../phantoms/reports.ts";
import { phantomStudies, type StudyState } from "../../phantoms/patients.ts";

const MANY: readonly StudyState[] = [...phantomStudies(1, 3000)];

Deno.test("phantomStudies() gives study k independently of the count", () => {
  fc.assert(
    fc.property(fc.nat(1e9), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (seed, a, b) => {
      const short = [...phantomStudies(seed, Math.min(a, b))];
      const long = [...phantomStudies(seed, Math.max(a, b))];
      assert.equal(short.length, Math.min(a, b));
      assert.deepEqual(short, long.slice(0, short.length));
    }),
    { numRuns: 30 },
  );
});

Deno.test("phantomStudies() depends on the seed", () => {
  const [one] = phantomStudies(1, 1);
  const [two] = phantomStudies(2, 1);
  assert.notDeepEqual(one!.severities, two!.severities);
  assert.notEqual(one!.images[0]!.dicomId, two!.images[0]!.dicomId);
});

Deno.test("phantomStudies() gives distinct identifiers in the real format", () => {
  const studyIds = MANY.map((study) => study.studyId);
  assert.equal(new Set(studyIds).size, MANY.length);
  assert.ok(studyIds.every((id) => id >= 50_000_000 && id < 60_000_000));
  const subjects = new Map(MANY.map(({ patient }) => [patient.index, patient.subjectId]));
  assert.equal(new Set(subjects.values()).size, subjects.size);
  assert.ok([...subjects.values()].every((id) => id >= 10_000_000 && id < 20_000_000));
  const images = MANY.flatMap((study) => study.images.map((image) => image.dicomId));
  assert.equal(new Set(images).size, images.length);
  for (const id of images) assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{8}){4}$/);
});

Deno.test("phantomStudies() keeps body and split of a patient, with studies in chronological order", () => {
  const patients = Map.groupBy(MANY, (study) => study.patient.index);
  let several = 0;
  for (const studies of patients.values()) {
    if (studies.length > 1) several++;
    for (const study of studies) assert.deepEqual(study.patient, studies[0]!.patient);
    const dates = studies.map((study) => study.date);
    assert.deepEqual(dates, dates.toSorted());
    for (const { date, time } of studies) {
      assert.match(date, /^21\d\d(0[1-9]|1[0-2])[0-3]\d$/);
      assert.match(time, /^([01]\d|2[0-3])[0-5]\d[0-5]\d\.\d{3}$/);
    }
  }
  assert.ok(several > patients.size * 0.4);
});

Deno.test("phantomStudies() splits about 74, 10 and 16% of the patients, even for small counts", () => {
  fc.assert(
    fc.property(fc.nat(1e9), (seed) => {
      const patients = new Map([...phantomStudies(seed, 200)].map(({ patient }) => [patient.index, patient.split]));
      const share = (split: string) => [...patients.values()].filter((s) => s === split).length / patients.size;
      assert.ok(Math.abs(share("train") - 0.74) < 0.05);
      assert.ok(Math.abs(share("validate") - 0.1) < 0.05);
      assert.ok(Math.abs(share("test") - 0.16) < 0.05);
    }),
    { numRuns: 20 },
  );
});

Deno.test("phantomStudies() mostly gives one frontal and one lateral, and few unusual positions", () => {
  const count = (test: (study: StudyState) => boolean) => MANY.filter(test).length / MANY.length;
  const frontals = ({ images }: StudyState) => images.filter((image) => /^[AP][AP]$/.test(image.projection)).length;
  const laterals = (study: StudyState) => study.images.length - frontals(study);
  assert.ok(count((study) => frontals(study) === 1 && laterals(study) === 1) > 0.75);
  assert.ok(count((study) => frontals(study) === 2) > 0.05);
  assert.ok(count((study) => laterals(study) === 2) > 0.02);
  assert.ok(count((study) => laterals(study) === 0) > 0.04);
  assert.ok(count((study) => frontals(study) === 0) > 0.01);
  const positions = MANY.flatMap((study) => study.images.map((image) => image.viewPosition));
  for (const position of ["AP", "PA", "LATERAL", "LL"]) assert.ok(positions.includes(position));
  const blank = positions.filter((position) => position === "").length;
  const rare = positions.filter((position) => !["AP", "PA", "LATERAL", "LL", ""].includes(position)).length;
  assert.ok(blank > 30 && blank < 150, `${blank} blank`);
  assert.ok(rare > 10 && rare < 80, `${rare} rare`);
});

Deno.test("phantomStudies() makes each label positive in 5 to 45% of the studies", () => {
  for (const label of CHEST_LABELS) {
    const positive = MANY.filter(({ labels }) =>
      labels.chexpert?.[label as keyof typeof labels.chexpert] === LABEL_STATES.positive
    );
    const share = positive.length / MANY.length;
    assert.ok(share > 0.05 && share < 0.45, `${label}: ${share}`);
  }
});

Deno.test("phantomStudies() uses all four label states, with No Finding consistent with the findings", () => {
  const states = new Set(MANY.flatMap(({ labels }) => Object.values(labels.chexpert ?? {})));
  assert.deepEqual([...states].sort(), [0, 1, 2, 3]);
  for (const { labels } of MANY) {
    for (const reading of [labels.chexpert, labels.negbio, labels.expert]) {
      if (reading === null || Object.values(reading).every((state) => state === LABEL_STATES.blank)) continue;
      const found = FINDINGS.some((finding) =>
        finding !== "Support Devices" &&
        (reading[finding] === LABEL_STATES.positive || reading[finding] === LABEL_STATES.uncertain)
      );
      assert.equal(reading["No Finding"], found ? LABEL_STATES.blank : LABEL_STATES.positive);
    }
  }
});

Deno.test("phantomStudies() omits or blanks a few label rows, and has expert labels only for test studies", () => {
  const missing = MANY.filter(({ labels }) => labels.chexpert === null);
  const empty = MANY.filter(({ labels }) =>
    labels.chexpert !== null && Object.values(labels.chexpert).every((state) => state === LABEL_STATES.blank)
  );
  for (const few of [missing, empty]) assert.ok(few.length > 10 && few.length < 80, `${few.length}`);
  for (const { patient, labels } of MANY) assert.equal(labels.expert !== null, patient.split === "test");
});

Deno.test("phantomStudies() makes the two labellers disagree on a few labels", () => {
  let same = 0;
  let all = 0;
  for (const { labels } of MANY) {
    for (const finding of FINDINGS) {
      if (labels.chexpert === null || labels.negbio === null) continue;
      all++;
      if (labels.chexpert[finding] === labels.negbio[finding]) same++;
    }
  }
  assert.ok(same / all > 0.95 && same < all, `${same} of ${all}`);
});

Deno.test("phantomStudies()'s labels follow severities, less reliably for mild findings", () => {
  for (const finding of FINDINGS) {
    if (finding === "Lung Opacity") continue;
    const positives = (low: number, high: number) => {
      const studies = MANY.filter(({ severities, labels }) =>
        labels.chexpert !== null && severities[finding] > low && severities[finding] <= high
      );
      const positive = studies.filter(({ labels }) => labels.chexpert?.[finding] === LABEL_STATES.positive);
      return positive.length / studies.length;
    };
    assert.ok(positives(0.5, 1) > 0.85, finding);
    assert.ok(positives(0, MILD) > 0.3 && positives(0, MILD) < 0.75, finding);
    assert.ok(positives(-1, 0) < 0.03, finding);
  }
});

Deno.test("phantomStudies() correlates edema with cardiomegaly and effusion, and devices with bedside images", () => {
  const rate = (of: readonly StudyState[], test: (study: StudyState) => boolean) => of.filter(test).length / of.length;
  const edema = (study: StudyState) => study.severities.Edema > 0;
  const withEdema = MANY.filter(edema);
  for (const finding of ["Cardiomegaly", "Pleural Effusion"] as const) {
    const present = (study: StudyState) => study.severities[finding] > 0;
    assert.ok(rate(withEdema, present) > 1.4 * rate(MANY, present), finding);
  }
  const devices = (study: StudyState) => study.severities["Support Devices"] > 0;
  const [bedside, standing] = [MANY.filter((study) => study.portable), MANY.filter((study) => !study.portable)];
  assert.ok(rate(bedside, devices) > 1.4 * rate(standing, devices));
  const clear = (study: StudyState) => showsNothing(study.severities);
  assert.ok(rate(MANY, clear) > 0.15);
});
