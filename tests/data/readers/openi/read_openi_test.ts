/**
 * Tests of the reader of Open-i's Indiana University collection.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { CHEST_LABELS, DataError, openDataset, pairStudies, type StudyIndex } from "../../../../data/mod.ts";
import { OPENI_RULES, openiLabels } from "../../../../data/readers/openi/openi_labels.ts";
import { openiImageKey, openiView, viewsByCaption } from "../../../../data/readers/openi/openi_views.ts";
import { parseOpeniReport } from "../../../../data/readers/openi/parse_openi_report.ts";
import { inTempDir, SMALL_JPEG } from "../../fixture.ts";

interface Fixture {
  headings: string[];
  findings?: string;
  impression?: string;
  images?: string[];
  caption?: string;
}

/** A report in the form of the collection, made up. */
function openiXml(number: number, { headings, findings, impression, images = [], caption }: Fixture): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<eCitation>
   <meta type="rr"/>
   <uId id="CXR${number}"/>
   <MedlineCitation Owner="Indiana University"><Article PubModel="Electronic"><Abstract>
     <AbstractText Label="COMPARISON">None.</AbstractText>
     <AbstractText Label="INDICATION">Cough &amp; fever</AbstractText>
     <AbstractText Label="FINDINGS">${findings ?? ""}</AbstractText>
     <AbstractText Label="IMPRESSION">${impression ?? ""}</AbstractText>
   </Abstract></Article></MedlineCitation>
   <MeSH>${headings.map((heading) => `<major>${heading}</major>`).join("")}<automatic>opacity</automatic></MeSH>
   ${
    images.map((id) =>
      `<parentImage id="${id}"><caption>${caption ?? ""}</caption><panel type="single"/></parentImage>`
    )
      .join("\n")
  }
</eCitation>`;
}

const REPORTS: Readonly<Record<number, Fixture>> = {
  1: {
    headings: ["normal"],
    findings: "Heart &lt; large.",
    impression: "Normal.",
    images: ["CXR1_1_IM-0001-3001", "CXR1_1_IM-0001-4001"],
    caption: "Xray Chest PA and Lateral",
  },
  2: {
    headings: ["Cardiomegaly/borderline", "Pulmonary Artery/enlarged"],
    impression: "Borderline heart.",
    images: ["CXR2_IM-0652-1001", "CXR2_IM-0652-2001"],
    caption: "Chest, 2 views, frontal and lateral",
  },
  3: { headings: ["No Indexing"], images: ["CXR3_IM-0003-1001"], caption: "Portable AP chest" },
  4: { headings: ["Opacity/lung/base/left"], findings: "Opacity." },
  5: {
    headings: ["Pleural Effusion/left"],
    findings: "Effusion.",
    images: ["CXR5_IM-0005-1001", "CXR5_IM-0005-1002"],
    caption: "PA and lateral",
  },
};

function write(root: string, path: string, content: string | Uint8Array): void {
  Deno.mkdirSync(dirname(join(root, path)), { recursive: true });
  Deno.writeFileSync(join(root, path), typeof content === "string" ? new TextEncoder().encode(content) : content);
}

function writeXml(root: string): void {
  for (const [number, report] of Object.entries(REPORTS)) {
    write(root, `ecgen-radiology/${number}.xml`, openiXml(Number(number), report));
    for (const id of report.images ?? []) write(root, `NLMCXR_png/${id}.png`, SMALL_JPEG);
  }
}

function studyOf(index: StudyIndex, id: string): number {
  const study = index.studies.ids.indexOf(id);
  assert.ok(study >= 0, id);
  return study;
}

function viewsOf(index: StudyIndex): Record<string, number> {
  return Object.fromEntries(index.images.ids.map((id, image) => [openiImageKey(id), index.images.view[image]!]));
}

Deno.test("openDataset() reads Open-i as distributed: XML, PNG and the table of DICOM tags", () =>
  inTempDir(async (root) => {
    writeXml(root);
    write(
      root,
      "nlmcxr_dicom_metadata.csv",
      "imageid,Patient ID,View Position\nCXR1_IM-0001-3001,7,LL\nCXR1_IM-0001-4001,7,\nCXR2_IM-0652-1001,8,PA\n" +
        "CXR2_IM-0652-2001,8,LATERAL\nCXR5_IM-0005-1001,9,PA\nCXR5_IM-0005-1002,9,PA\n",
    );
    const index = await openDataset({ root, texts: true });
    assert.equal(index.dataset, "openi");
    assert.equal(index.studies.count, 5);
    assert.equal(index.listed, 7);
    assert.equal(index.policies.splits, "paper");
    assert.deepEqual(viewsOf(index), {
      "1_IM-0001-3001": 1,
      "1_IM-0001-4001": 0,
      "2_IM-0652-1001": 0,
      "2_IM-0652-2001": 1,
      "3_IM-0003-1001": 0,
      "5_IM-0005-1001": -1,
      "5_IM-0005-1002": -1,
    });
    assert.deepEqual(
      index.drops.entries().map(({ reason, count, examples }) => [reason.slice(0, 34), count, examples]),
      [
        ["recorded view positions are equal,", 1, ["ecgen-radiology/5.xml"]],
      ],
    );
    assert.equal(pairStudies(index).count, 2);
    const texts = ["1", "2", "3", "4"].map((id) => index.texts!.get(studyOf(index, id)));
    assert.deepEqual(texts, ["Heart < large.", "Borderline heart.", undefined, "Opacity."]);
    const label = (id: string, name: string) => index.labelState(studyOf(index, id), CHEST_LABELS.indexOf(name));
    assert.deepEqual([label("1", "No Finding"), label("1", "Edema")], [1, 2]);
    assert.deepEqual([label("2", "No Finding"), label("2", "Cardiomegaly")], [2, 3]);
    assert.deepEqual([label("3", "No Finding"), label("3", "Edema")], [0, 0]);
  }));

Deno.test("openDataset() reads Open-i as shared on Kaggle", () =>
  inTempDir(async (root) => {
    write(
      root,
      "indiana_reports.csv",
      "uid,MeSH,Problems,image,indication,comparison,findings,impression\n" +
        "1,normal,normal,Xray Chest PA and Lateral,Cough,None.,Clear.,Normal.\n" +
        '2,"Cardiomegaly/borderline;Opacity/lung/base","Cardiomegaly;Opacity",,,,,Large heart.\n' +
        "x,normal,normal,,,,,\n2,normal,normal,,,,,\n",
    );
    write(
      root,
      "indiana_projections.csv",
      "uid,filename,projection\n1,1_IM-0001-4001.dcm.png,Frontal\n1,1_IM-0001-3001.dcm.png,Lateral\n" +
        "2,2_IM-0652-1001.dcm.png,Frontal\n2,../../etc.png,Lateral\n9,9_IM-1-1.dcm.png,Frontal\n" +
        "2,2_IM-0652-1001.dcm.png,Lateral\n",
    );
    for (const name of ["1_IM-0001-4001", "1_IM-0001-3001", "2_IM-0652-1001"]) {
      write(root, `images/images_normalized/${name}.dcm.png`, SMALL_JPEG);
    }
    const index = await openDataset({ root, texts: true });
    assert.equal(index.studies.count, 2);
    assert.equal(index.listed, 6);
    assert.equal(index.images.count, 3);
    assert.deepEqual(viewsOf(index), { "1_IM-0001-4001": 0, "1_IM-0001-3001": 1, "2_IM-0652-1001": 0 });
    assert.equal(index.texts!.get(studyOf(index, "2")), "Large heart.");
    assert.deepEqual(index.source.name(0), "images/images_normalized/1_IM-0001-4001.dcm.png");
    assert.deepEqual(
      index.drops.entries().filter(({ step }) => step === "rows").map(({ reason, count }) => [reason, count]).sort(),
      [
        ["image identifier was listed before", 1],
        ["image is about an unlisted report", 1],
        ["report's number or image's name is not safe or not a number", 2],
        ["report's number was listed before", 1],
      ],
    );
    // The table of projections also decides the views of XML reports.
    writeXml(root);
    const xml = viewsOf(await openDataset({ root }));
    assert.deepEqual([xml["1_IM-0001-4001"], xml["1_IM-0001-3001"]], [0, 1]);
  }));

Deno.test("openDataset() counts bad reports of Open-i without quoting them, and refuses an official split", () =>
  inTempDir(async (root) => {
    writeXml(root);
    write(root, "ecgen-radiology/6.xml", openiXml(6, { headings: [] }).replace("</Abstract>", "<secret"));
    write(root, "ecgen-radiology/7.xml", "secret");
    write(root, "ecgen-radiology/8.xml", openiXml(1, { headings: [] }));
    const index = await openDataset({ root });
    const [bad, repeated] = index.drops.entries();
    assert.deepEqual([bad!.reason, bad!.count], ["report cannot be read", 2]);
    assert.deepEqual(bad!.examples, ["ecgen-radiology/6.xml, line 10", "ecgen-radiology/7.xml, line 1"]);
    assert.deepEqual([repeated!.reason, repeated!.examples], [
      "report's number was listed before",
      ["ecgen-radiology/8.xml"],
    ]);
    await assert.rejects(openDataset({ root, strict: true }), /report cannot be read/);
    await assert.rejects(openDataset({ root, splits: "official" }), /has no official split/);
  }));

Deno.test("parseOpeniReport() refuses entities, deep nesting and other documents", () => {
  const laughs = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><eCitation>&b;</eCitation>';
  const wrong: [string, RegExp][] = [
    [laughs, /document type declaration/],
    [`<eCitation>${"<a>".repeat(100)}`, /more elements/],
    [`<eCitation>${"<a/>".repeat(30_000)}</eCitation>`, /more elements/],
    [`<eCitation><uId id="CXR1"/>${'<parentImage id="a"/>'.repeat(1001)}</eCitation>`, /more images/],
    ["<html/>", /root is not eCitation/],
    ["<eCitation></eCitation>", /no number/],
    ['<eCitation><uId id="CXR1"/>', /not well-formed/],
    ["&unknown;", /not well-formed/],
    ["", /not well-formed/],
  ];
  for (const [xml, reason] of wrong) {
    assert.throws(() => parseOpeniReport(xml, "1.xml"), (error: unknown) => {
      return error instanceof DataError && error.file === "1.xml" && reason.test(error.message);
    }, xml.slice(0, 80));
  }
  const huge = openiXml(1, { headings: [] }).replace('type="rr"', `type="${"x".repeat(500_000)}"`);
  assert.equal(parseOpeniReport(huge, "1.xml").id, "1");
});

Deno.test("openiLabels() follows its table", () => {
  for (const { label, heading, qualifiers, uncertain } of OPENI_RULES) {
    const states = openiLabels([`${heading.toUpperCase()}/${qualifiers?.[0] ?? "left"}`]);
    assert.equal(states[CHEST_LABELS.indexOf(label)], uncertain ? 3 : 1, heading);
    assert.equal(states[CHEST_LABELS.indexOf("No Finding")], 2);
    if (qualifiers !== undefined) {
      assert.notEqual(openiLabels([`${heading}/somewhere`])[CHEST_LABELS.indexOf(label)], uncertain ? 3 : 1, heading);
    }
  }
  assert.deepEqual(openiLabels(["normal"]).filter((state) => state === 1).length, 1);
  assert.ok(openiLabels([]).every((state) => state === 0));
});

Deno.test("viewsByCaption() deduces what the caption and the other image tell", () => {
  assert.deepEqual(viewsByCaption("PA and lateral", [0, -1]), [0, 1]);
  assert.deepEqual(viewsByCaption("Chest XXXX and lateral", [-1, 1]), [0, 1]);
  assert.deepEqual(viewsByCaption("PA and lateral", [-1, -1]), [-1, -1]);
  assert.deepEqual(viewsByCaption("PA and lateral", [0, 0]), [-1, -1]);
  assert.deepEqual(viewsByCaption("Portable AP chest", [-1]), [0]);
  assert.deepEqual(viewsByCaption("Lateral chest", [-1, 0]), [1, 0]);
  assert.deepEqual(viewsByCaption("XXXX lateral", [-1]), [-1]);
  assert.deepEqual(viewsByCaption("", [-1, 1]), [-1, 1]);
});

Deno.test("openiView() and openiImageKey() know every spelling", () => {
  assert.deepEqual(
    ["pa", "AP", "Frontal", "LL", "Lateral", "RL", "LARGE LATERAL", "", "nan", "OBLIQUE"].map((cell) => {
      return openiView(cell).view;
    }),
    [0, 0, 0, 1, 1, 1, 1, -1, -1, -1],
  );
  for (
    const name of ["CXR1_1_IM-0001-3001", "CXR1_IM-0001-3001.png", "./1_IM-0001-3001.dcm", "1_IM-0001-3001.dcm.png"]
  ) {
    assert.equal(openiImageKey(name), "1_IM-0001-3001");
  }
});
