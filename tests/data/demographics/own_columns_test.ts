/**
 * Age, sex and race from the tables of data sets that state them for each image.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { GROUPS, openDataset, pairStudies, type StudyIndex, summarizeIndex } from "../../../data/mod.ts";
import { inTempDir, SMALL_JPEG } from "../fixture.ts";

function writeImages(root: string, paths: readonly string[]): void {
  for (const path of paths) {
    Deno.mkdirSync(dirname(join(root, path)), { recursive: true });
    Deno.writeFileSync(join(root, path), SMALL_JPEG);
  }
}

/** The groups of a study by its identifier. */
function groupsOf({ demographics, studies }: StudyIndex): Record<string, Record<string, string>> {
  return Object.fromEntries(studies.ids.map((id, study) => [
    id,
    Object.fromEntries([...demographics!.groups].map(([name, groups]) => [name, GROUPS[name][groups[study]!] ?? "?"])),
  ]));
}

Deno.test("CheXpert Plus states age, sex, race and Hispanic origin in columns of their own", () =>
  inTempDir(async (root) => {
    const image = (patient: number, file: string) => `train/patient0000${patient}/study1/${file}`;
    const rows = [
      [image(1, "view1_frontal.jpg"), "Frontal", "58.0", "Male", "White", "Non-Hispanic/Non-Latino"],
      [image(1, "view2_lateral.jpg"), "Lateral", "58.0", "Male", "White", "Non-Hispanic/Non-Latino"],
      [image(2, "view1_frontal.jpg"), "Frontal", "81.0", "Female", "White", "Hispanic/Latino"],
      [image(2, "view2_lateral.jpg"), "Lateral", "81.0", "Female", "White", "Hispanic/Latino"],
      [image(3, "view1_frontal.jpg"), "Frontal", "", "Unknown", "Unknown", "Unknown"],
      [image(3, "view2_lateral.jpg"), "Lateral", "39.0", "Female", "Native Hawaiian or Other Pacific Islander", ""],
    ];
    const header = "path_to_image,frontal_lateral,ap_pa,deid_patient_id,patient_report_date_order," +
      "section_findings,age,sex,race,ethnicity,split";
    const lines = rows.map(([path, side, age, sex, race, ethnicity]) =>
      [path, side, side === "Frontal" ? "AP" : "", path!.split("/")[1], 1, "clear", age, sex, race, ethnicity, "train"]
        .join(",")
    );
    Deno.writeTextFileSync(join(root, "df_chexpert_plus_240401.csv"), [header, ...lines].join("\n") + "\n");
    writeImages(join(root, "PNG"), rows.map(([path]) => path!.replace(".jpg", ".png")));
    const index = await openDataset({ root });
    assert.equal(index.dataset, "chexpert-plus");
    assert.equal(index.demographics!.source, "df_chexpert_plus_240401.csv");
    assert.deepEqual(groupsOf(index), {
      "patient00001/study1": { age: "40 to 59", sex: "male", race: "White" },
      "patient00002/study1": { age: "80 or over", sex: "female", race: "Hispanic or Latino" },
      "patient00003/study1": { age: "under 40", sex: "female", race: "other" },
    });
  }));

Deno.test("PadChest states the sex, and the age by the year of birth and the date of the study", () =>
  inTempDir(async (root) => {
    const header =
      ",ImageID,ImageDir,StudyDate_DICOM,StudyID,PatientID,PatientBirth,PatientSex_DICOM,Projection,MethodProjection," +
      "Pediatric,Report,MethodLabel,Labels,Localizations";
    const row = (i: number, image: string, [study, date, birth, sex, view]: readonly string[]) =>
      `${i},${image}.png,0,${date},${study},${study},${birth},${sex},${view},x,No PED,sin ,Physician,['normal'],[]`;
    const rows = [
      row(0, "a_1", ["s1", "20140915", "1930.0", "M", "PA"]),
      row(1, "a_2", ["s1", "20140915", "1930.0", "M", "L"]),
      row(2, "b_1", ["s2", "20100101", "1975", "F", "PA"]),
      row(3, "b_2", ["s2", "20100101", "1975", "F", "L"]),
      row(4, "c_1", ["s3", "20100101", "", "O", "PA"]),
      row(5, "c_2", ["s3", "20100101", "nan", "", "L"]),
    ];
    const name = "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv";
    Deno.writeTextFileSync(join(root, name), [header, ...rows].join("\n") + "\n");
    writeImages(root, ["a_1", "a_2", "b_1", "b_2", "c_1", "c_2"].map((image) => `0/${image}.png`));
    const index = await openDataset({ root });
    assert.equal(index.dataset, "padchest");
    assert.deepEqual(groupsOf(index), {
      "s1/s1": { age: "80 or over", sex: "male" },
      "s2/s2": { age: "under 40", sex: "female" },
      "s3/s3": { age: "?", sex: "?" },
    });
    assert.deepEqual(summarizeIndex(index, pairStudies(index)).demographics, {
      source: name,
      groups: {
        age: { "under 40": 1, "40 to 59": 0, "60 to 79": 0, "80 or over": 1, unknown: 1 },
        sex: { female: 1, male: 1, unknown: 1 },
      },
    });
  }));

Deno.test("ChestX-ray14 states age and sex, in the spelling of either release", () =>
  inTempDir(async (root) => {
    const images = ["00000001_000.png", "00000002_000.png", "00000003_000.png"];
    const releases = [
      { name: "Data_Entry_2017_v2020.csv", sex: "Patient Gender", ages: ["57", "80", "411"] },
      { name: "Data_Entry_2017.csv", sex: "Patient Gender", ages: ["057Y", "080Y", "011M"] },
      { name: "Data_Entry_2017_v2020.csv", sex: "Patient Sex", ages: ["57", "80", "11"] },
    ];
    for (const [i, { name, sex, ages }] of releases.entries()) {
      const folder = join(root, `${i}`);
      writeImages(folder, images.map((image) => `images_001/images/${image}`));
      const header = `Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,${sex},View Position,`;
      const rows = images.map((image, k) => `${image},No Finding,0,${k + 1},${ages[k]},${k % 2 ? "F" : "M"},PA,`);
      Deno.writeTextFileSync(join(folder, name), [header, ...rows].join("\n") + "\n");
      const index = await openDataset({ root: folder });
      assert.equal(index.dataset, "nih");
      const found = Object.values(groupsOf(index));
      assert.deepEqual(found.map((groups) => groups.sex), ["male", "female", "male"]);
      // The collection has ages such as 411, which no patient has.
      assert.deepEqual(found.map(({ age }) => age), ["40 to 59", "80 or over", i === 0 ? "?" : "under 40"]);
      assert.deepEqual(index.demographics!.source, name);
    }
  }));
