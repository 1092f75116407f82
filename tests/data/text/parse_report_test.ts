/**
 * Tests of the section parser.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseReport } from "../../../data/text/parse_report.ts";
import { capitalSectionKind, editDistance, sectionKind } from "../../../data/text/section_names.ts";

const USUAL = `                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)

 INDICATION:  ___F with cough  // pneumonia?

 TECHNIQUE:  Chest PA and lateral

 COMPARISON:  ___ at 10:30

 FINDINGS:

 There is no focal consolidation. The heart
 is enlarged.

 IMPRESSION:

 1. No pneumonia.
 2. Cardiomegaly.
`;

Deno.test("parseReport() finds findings and impression of a usual report", () => {
  assert.deepEqual(parseReport(USUAL), {
    findings: "There is no focal consolidation. The heart is enlarged.",
    impression: "1. No pneumonia. 2. Cardiomegaly.",
    lastParagraph: "",
    reports: 1,
    addenda: 0,
  });
});

Deno.test("parseReport() gives the same for other line ends, and for lost ones", () => {
  const expected = parseReport(USUAL);
  assert.deepEqual(parseReport(USUAL.replaceAll("\n", "\r\n")), expected);
  assert.deepEqual(parseReport(USUAL.replaceAll("\n", "\r")), expected);
  const oneLine = parseReport(USUAL.replace("FINAL REPORT", "").replaceAll("\n", " "));
  assert.equal(oneLine.findings, expected.findings);
  assert.equal(oneLine.impression, expected.impression);
});

Deno.test("parseReport() uses the last paragraph if there is no section", () => {
  const text = " FINAL REPORT\n PA AND LATERAL CHEST ON ___\n\n HISTORY: Fall.\n\n COMPARISON: None.\n\n" +
    "______________________________________________________________________________\n\n" +
    " Lungs are low in volume.\n\n There is no fracture.\n The heart is normal.\n\n";
  assert.deepEqual(parseReport(text).lastParagraph, "There is no fracture. The heart is normal.");
  const afterHistory = "CHEST PA AND LAT\n\nHISTORY: A fall\non stairs.\n\nThere is a\nrib fracture.\n\n";
  assert.equal(parseReport(afterHistory).lastParagraph, "There is a rib fracture.");
  assert.equal(parseReport(`CHEST PA AND LAT\n\nHISTORY: A fall\non stairs.`).lastParagraph, "");
  assert.equal(parseReport("HISTORY: Fall.").lastParagraph, "");
  assert.equal(parseReport("").lastParagraph, "");
});

Deno.test("parseReport() knows misspelt headers, other names and other cases", () => {
  for (const header of ["FINDNGS", "FINIDNGS", "Findings", "findings", "FINDING", "CHEST, TWO VIEWS", "REPORT"]) {
    assert.equal(parseReport(`${header}: Clear.`).findings, "Clear.", header);
  }
  for (const header of ["IMPRSSION", "MPRESSION", "IMPRESSOIN", "Conclusion", "IMPRESSION AND RECOMMENDATION"]) {
    assert.equal(parseReport(`HISTORY: Fall.\n${header}: Clear.`).impression, "Clear.", header);
  }
  const both = parseReport("FINDINGS AND IMPRESSION: Clear.");
  assert.equal(both.findings, "Clear.");
  assert.equal(both.impression, "Clear.");
});

Deno.test("parseReport() keeps headers of organs in the findings", () => {
  const text = "FINDINGS:\nLUNGS: Clear.\nHEART: Large.\nLATERAL VIEW: Effusion.\nIMPRESSION: Effusion.";
  assert.equal(parseReport(text).findings, "LUNGS: Clear. HEART: Large. LATERAL VIEW: Effusion.");
});

Deno.test("parseReport() does not take sentences and times for headers", () => {
  assert.equal(
    parseReport("FINDINGS: As compared to 10:30 there is this: an effusion.\nSeen at 9:15: no change.").findings,
    "As compared to 10:30 there is this: an effusion. Seen at 9:15: no change.",
  );
});

Deno.test("parseReport() counts several reports in a file and uses the last one", () => {
  const two = parseReport(`${USUAL}\n\n FINAL REPORT\n FINDINGS: Later.\n`);
  assert.equal(two.reports, 2);
  assert.equal(two.findings, "Later.");
  assert.equal(two.impression, "");
  const emptyLast = parseReport(`${USUAL}\n\n FINAL REPORT\n HISTORY: Fall.\n`);
  assert.equal(emptyLast.reports, 2);
  assert.equal(emptyLast.impression, "1. No pneumonia. 2. Cardiomegaly.");
});

Deno.test("parseReport() counts addenda and does not take them for findings", () => {
  const before = parseReport(`   FINAL ADDENDUM\n ADDENDUM:  Discussed by phone.\n${"_".repeat(70)}\n${USUAL}`);
  assert.equal(before.addenda, 1);
  assert.equal(before.reports, 1);
  assert.equal(before.impression, "1. No pneumonia. 2. Cardiomegaly.");
  const after = parseReport(`${USUAL}\n ADDENDUM BEGINS\n There is a nodule.\n`);
  assert.equal(after.addenda, 1);
  assert.equal(after.impression, "1. No pneumonia. 2. Cardiomegaly.");
});

Deno.test("sectionKind() and capitalSectionKind() know names", () => {
  assert.equal(sectionKind("reason for  Examination"), "context");
  assert.equal(sectionKind("Findings / Impression"), "both");
  assert.equal(sectionKind("Lungs"), undefined);
  assert.equal(sectionKind("constructor"), undefined);
  assert.equal(capitalSectionKind("LUNGS"), "other");
  assert.equal(capitalSectionKind("SINGLE FRONTAL VIEW OF THE CHEST"), "images");
  assert.equal(capitalSectionKind("CLINICAL HISTORY AND INDICATION"), "context");
});

Deno.test("editDistance() counts exchanged neighbours once", () => {
  assert.equal(editDistance("finidngs", "findings"), 1);
  assert.equal(editDistance("imprssion", "impression"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("same", "same"), 0);
});

Deno.test("parseReport() takes any text, in time proportional to its length", () => {
  const pieces = fc.constantFrom(
    "FINDINGS:",
    "IMPRESSION",
    "FINAL REPORT\n",
    "addendum",
    ":",
    "\n",
    "  ",
    "____________",
    "word ",
    "\r",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: "binary", maxLength: 5 })), { maxLength: 40 }), (parts) => {
      const found = parseReport(parts.join(""));
      assert.ok(found.reports! >= 1 && found.addenda! >= 0);
    }),
    { numRuns: 300 },
  );
  const long = 400_000;
  for (
    const text of [
      `FINAL REPORT${" ".repeat(long)}x`,
      "A".repeat(long),
      "A ".repeat(long),
      " FINDINGS".repeat(long / 10),
      `x${" ".repeat(long)}FINDINGS:`,
      "IMPRESSION : ".repeat(long / 10),
    ]
  ) {
    assert.ok(parseReport(text).reports === 1);
  }
});
