/**
 * Recognises the headers of a report's sections in the spellings that occur.
 *
 * @module
 */

/**
 * The kinds of sections. `both`: findings and impression in one. `images`: a header that names the images, above what
 * is seen on them. `context`: what was known or done before (history, technique, comparison), which never describes
 * the images. `other`: any other header in capitals (`LUNGS:`); its text may serve as the last paragraph.
 */
export type SectionKind = "findings" | "impression" | "both" | "images" | "addendum" | "context" | "other";

const NAMES: Readonly<Record<string, SectionKind>> = {
  "findings": "findings",
  "finding": "findings",
  "report": "findings",
  "results": "findings",
  "impression": "impression",
  "impressions": "impression",
  "conclusion": "impression",
  "conclusions": "impression",
  "opinion": "impression",
  "summary": "impression",
  "interpretation": "impression",
  "pfi": "context",
  "imp": "impression",
  "findings and impression": "both",
  "findings/impression": "both",
  "impression and findings": "both",
  "impression/findings": "both",
  "addendum": "addendum",
  "final addendum": "addendum",
  "addenda": "addendum",
  "indication": "context",
  "indications": "context",
  "clinical indication": "context",
  "clinical history": "context",
  "clinical information": "context",
  "clinical data": "context",
  "clinical statement": "context",
  "history": "context",
  "patient history": "context",
  "reason": "context",
  "reason for exam": "context",
  "reason for study": "context",
  "reason for examination": "context",
  "reason for this examination": "context",
  "exam": "context",
  "examination": "context",
  "type of examination": "context",
  "type of exam": "context",
  "study": "context",
  "procedure": "context",
  "technique": "context",
  "comparison": "context",
  "comparisons": "context",
  "comparison exam": "context",
  "comparison film": "context",
  "comparison study": "context",
  "reference exam": "context",
  "date": "context",
  "date of exam": "context",
  "dose": "context",
  "medical condition": "context",
  "final diagnosis": "context",
  "admitting diagnosis": "context",
  "underlying medical condition": "context",
  "notification": "context",
  "notifications": "context",
  "recommendation": "context",
  "recommendations": "context",
  "recommendation(s)": "context",
  "attestation": "context",
  "signed": "context",
  "dictated by": "context",
  "wet read": "context",
  "wetread": "context",
  "preliminary read": "context",
  "provisional findings impression": "context",
  "provisional findings impression (pfi)": "context",
};

/** Headers that name the images: `CHEST, TWO VIEWS:`, `PA AND LATERAL VIEWS OF THE CHEST:`. */
const NAMES_IMAGES =
  /\b(chest|portable|radiographs?|one view|two views?|single view|frontal|lateral|pa and lat|ap and lat|upright|ribs|views?)\b/;

/** Words that decide, in this order, about a longer header such as `IMPRESSION AND RECOMMENDATION`. */
const WORDS: readonly [RegExp, SectionKind][] = [
  [/addend/, "addendum"],
  [/findings?.*(impression|conclusion)|impression.*findings?/, "both"],
  [/impression|conclusion/, "impression"],
  [/\b(comparison|history|indication|technique|reason|examination|recommendation|notification|wet read)/, "context"],
  [/findings?/, "findings"],
];

/** Headers that are often misspelt: one edit away, or two if the first letter is right. */
const MISSPELT: readonly string[] = [
  "findings",
  "impression",
  "indication",
  "comparison",
  "examination",
  "technique",
  "history",
  "addendum",
  "recommendation",
  "conclusion",
];

/**
 * The kind of a header, without its colon, in any case. Returns `undefined` if the words are no known header; written
 * in capitals they may still be one (`other`).
 */
export function sectionKind(header: string): SectionKind | undefined {
  const name = header.toLowerCase().replace(/\s+/g, " ").replace(/\s*\/\s*/g, "/").trim();
  if (Object.hasOwn(NAMES, name)) return NAMES[name];
  if (name.length >= 6 && name.length <= 16 && !name.includes(" ")) {
    const meant = MISSPELT.find((known) => editDistance(name, known) <= (name[0] === known[0] ? 2 : 1));
    if (meant !== undefined) return NAMES[meant];
  }
  return undefined;
}

/** The kind of a header in capitals; see {@linkcode sectionKind}. */
export function capitalSectionKind(header: string): SectionKind {
  const known = sectionKind(header);
  if (known !== undefined) return known;
  const name = header.toLowerCase();
  const decided = WORDS.find(([pattern]) => pattern.test(name));
  if (decided !== undefined) return decided[1];
  return NAMES_IMAGES.test(name) ? "images" : "other";
}

/** Number of letters inserted, deleted, replaced or exchanged with their neighbour between two short words. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
