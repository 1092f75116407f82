import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { GROUPS, openDataset, type StudyIndex } from "../../../data/mod.ts";
import { ageGroup, parseAge, raceGroup, sexGroup } from "../../../data/demographics/demographics.ts";
import { chexpertImagePath } from "../../../phantoms/chexpert_layout.ts";
import { phantomStudies } from "../../../phantoms/patients.ts";
import { writePhantoms } from "../../../phantoms/mod.ts";
import { type FixtureImage, plainImages, writeMimic } from "../fixture.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The group of each study by name; a question mark if it is unknown. */
function named({ demographics }: StudyIndex, attribute: "age" | "sex" | "race"): string[] | undefined {
  const groups = demographics?.groups.get(attribute);
  return groups && Array.from(groups, (group) => GROUPS[attribute][group] ?? "?");
}

const gender = (k: number) => k % 2 ? "M" : "F";

Deno.test("openDataset() joins MIMIC-IV's patients and admissions, with the age at the study", async () => {
  await inFolder(async (folder) => {
    const root = join(folder, "cxr");
    const images: FixtureImage[] = plainImages(4).slice(0, 8);
    const withDates = (text: string) =>
      text.trimEnd().split("\n").map((line, i) => `${line},${i === 0 ? "StudyDate" : i > 2 ? "21850101" : "21820630"}`)
        .join("\n");
    writeMimic(root, { images, edit: { metadata: withDates } });
    await Deno.mkdir(join(folder, "iv", "hosp"), { recursive: true });
    const patients = ["subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod"];
    for (const k of [0, 1, 7]) patients.push(`${10_000_000 + k},${gender(k)},${k === 0 ? 57 : 91},2182,2008 - 2010,`);
    const admissions = [
      "subject_id,hadm_id,admittime,race",
      "10000000,1,2182-01-01,UNKNOWN",
      "10000000,2,2182-01-02,WHITE - RUSSIAN",
      "10000000,3,2182-01-03,ASIAN - CHINESE",
      "10000000,4,2182-01-04,WHITE",
    ];
    await Deno.writeFile(join(folder, "iv/hosp/patients.csv.gz"), gzipSync(patients.join("\n")));
    await Deno.writeTextFile(join(folder, "iv/hosp/admissions.csv"), admissions.join("\n"));
    for (const demographics of [join(folder, "iv"), join(folder, "iv/hosp/patients.csv.gz")]) {
      const index = await openDataset({ root, demographics });
      assert.equal(index.demographics!.source, "patients.csv.gz, admissions.csv");
      assert.deepEqual(named(index, "age"), ["40 to 59", "60 to 79", "80 or over", "80 or over"]);
      assert.deepEqual(named(index, "sex"), ["female", "female", "male", "male"]);
      assert.deepEqual(named(index, "race"), ["White", "White", "?", "?"]);
    }
    assert.equal((await openDataset({ root })).demographics, undefined);
    await Deno.writeTextFile(join(root, "patients.csv"), "subject,sex\n10000001,male\n");
    const found = await openDataset({ root });
    assert.deepEqual([named(found, "sex"), named(found, "age")], [["?", "?", "male", "male"], undefined]);
  });
});

Deno.test("openDataset() refuses demographics that are missing or of other patients", async () => {
  await inFolder(async (root) => {
    writeMimic(root, { images: plainImages(3) });
    const path = join(root, "table.csv");
    const open = (text: string) => {
      Deno.writeTextFileSync(path, text);
      return openDataset({ root, demographics: path });
    };
    await assert.rejects(openDataset({ root, demographics: join(root, "none.csv") }), /none\.csv: the file is missing/);
    await assert.rejects(
      open("subject_id,gender\n10000099,F\n"),
      /table\.csv: none of its patients is one of the data/,
    );
    await assert.rejects(open("subject_id,city\n10000000,Boston\n"), /table\.csv: it has no column of patients/);
    await assert.rejects(
      open("subject_id,gender\n10000000,unknown\n"),
      /no patient of the data has an age, sex or race/,
    );
    await assert.rejects(openDataset({ root, demographics: join(root, "files") }), /the folder has no patients\.csv/);
    await Deno.rename(path, join(root, "patients.csv"));
    await Deno.writeTextFile(join(root, "patients.csv"), "clinic,phone\na,b\n");
    const index = await openDataset({ root });
    assert.equal(index.demographics, undefined);
    assert.ok(index.drops.entries().some(({ reason }) => reason.startsWith("table of patients")));
  });
});

Deno.test("openDataset() reads the demographics of CheXpert and of phantoms", async () => {
  await inFolder(async (folder) => {
    const studies = [...phantomStudies(4, 6)];
    for (const layout of ["chexpert", "mimic-cxr"] as const) {
      const root = join(folder, layout);
      await writePhantoms(root, { studies: 6, seed: 4, scale: 0.02, layout, workers: 1 });
      const index = await openDataset({ root });
      const [sexes, ages] = [named(index, "sex")!, named(index, "age")!];
      assert.equal(index.studies.count, 6);
      for (const [study, id] of index.studies.ids.entries()) {
        const state = studies.find((each) =>
          layout === "chexpert"
            ? chexpertImagePath(each, each.images[0]!).includes(`/${id}/`)
            : id === String(each.studyId)
        )!;
        const { sex, age } = state.patient.body;
        const first = studies.find(({ patient, ordinal }) => patient.index === state.patient.index && ordinal === 1)!;
        const passed = layout === "chexpert" ? 0 : Number(state.date.slice(0, 4)) - Number(first.date.slice(0, 4));
        assert.equal(sexes[study], sex === "F" ? "female" : "male");
        assert.equal(ages[study], GROUPS.age[ageGroup(age + passed)]);
      }
      assert.equal(index.demographics!.groups.has("race"), layout === "mimic-cxr");
    }
  });
});

Deno.test("groups follow the wording of MIMIC-IV, CheXpert and DICOM", () => {
  const races: [string, string | undefined][] = [
    ["WHITE - OTHER EUROPEAN", "White"],
    ["BLACK/CAPE VERDEAN", "Black"],
    ["HISPANIC/LATINO - DOMINICAN", "Hispanic or Latino"],
    ["ASIAN - KOREAN", "Asian"],
    ["NATIVE HAWAIIAN OR OTHER PACIFIC ISLANDER", "other"],
    ["AMERICAN INDIAN/ALASKA NATIVE", "other"],
    ["White, non-Hispanic", "White"],
    ["White, Hispanic", "Hispanic or Latino"],
    ["Non-Hispanic/Non-Latino", undefined],
    ["UNABLE TO OBTAIN", undefined],
    ["PATIENT DECLINED TO ANSWER", undefined],
    ["nan", undefined],
  ];
  for (const [cell, group] of races) assert.equal(GROUPS.race[raceGroup(cell)], group, cell);
  assert.deepEqual(["Female", "m", "F", "Unknown", ""].map(sexGroup), [0, 1, 0, -1, -1]);
  assert.deepEqual(["058Y", "58", "018M", "abc", ""].map(parseAge), [58, 58, 1.5, NaN, NaN]);
  assert.deepEqual([0, 39.9, 40, 79, 80, 91, NaN, 180].map(ageGroup), [0, 0, 1, 2, 3, 3, -1, -1]);
});
