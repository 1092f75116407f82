import assert from "node:assert/strict";
import type { Results } from "../../../eval/results/results.ts";
import { resultsSchema } from "../../../eval/results/results_schema.ts";
import { formatDifference, formatInterval, formatScore } from "../../../viz/report/markup/format.ts";
import { renderReport } from "../../../viz/report/report.ts";
import { summarise } from "../../../viz/report/figures/summary.ts";
import { experimentFixture, singleRunFixture } from "./fixture.ts";
import { elements, parse, visibleText } from "./report_document.ts";

const SECTIONS = ["summary", "auroc", "comparison", "curves", "training", "pictures", "cohort", "repeat"];
const PUBLISHED = [
  { view: "frontal", label: "Edema", method: "mmvm", auroc: 0.863 },
  { view: "lateral", label: null, method: "mmvm", auroc: 0.73 },
];

const experiment = experimentFixture();
const html = renderReport(experiment, { published: PUBLISHED });
const page = parse(html);

function all(selector: string, inside: ParentNode = page): Element[] {
  return elements(selector, inside);
}

/** Results without any optional part. */
function bare(): Results {
  const { data, runs } = singleRunFixture({ studies: 40 });
  const none = { step: [], loss: [], reconstruction: [], kl: [], alpha: [], studiesPerSecond: [] };
  return resultsSchema.parse({
    ...singleRunFixture({ studies: 40 }),
    data: { ...data, cohort: [], splits: [], prevalence: [], viewMix: [], patientOverlap: [] },
    runs: runs.map((run) => ({ ...run, commands: [], config: {}, versions: {}, seconds: {}, training: none })),
    cases: [],
    evaluations: [],
    comparisons: [],
    pictures: [],
    projections: [],
  });
}

/** What results say about reports. */
const TEXT_COUNTS = {
  studies: 5000,
  texts: 4321,
  origins: { findings: 4321, impression: 0 },
  noReport: 600,
  noSection: 79,
  severalReports: 1,
  addenda: 2,
};
const TEXTS = {
  section: "findings",
  listed: TEXT_COUNTS,
  counts: TEXT_COUNTS,
  lengths: [
    { split: "train", texts: 4000, min: 3, median: 21, mean: 25.6, p95: 61, max: 1234 },
    { split: "test", texts: 0 },
  ],
};

Deno.test("the cohort section shows where texts come from and how long they are, if there are any", () => {
  assert.doesNotMatch(html, /Length of the texts/);
  const results = singleRunFixture({ studies: 40 });
  const document = parse(renderReport({ ...results, data: { ...results.data, texts: TEXTS } }));
  const cohort = all("#cohort", document)[0]!;
  assert.match(cohort.textContent!, /4,321 of 5,000 studies have a text \(findings; findings: 4,321\)/);
  const table = all(".table-block", cohort).find((one) => /Length of the texts/.test(one.textContent!))!;
  const rows = all("tbody tr", table).map((row) => all("th, td", row).map((cell) => cell.textContent));
  assert.deepEqual(rows, [
    ["Train", "4,000", "3", "21", "26", "61", "1,234"],
    ["Test", "0", "", "", "", "", ""],
  ]);
});

Deno.test("scores of a text stand beside the note that the labels were mined from it, wherever they appear", () => {
  const noted = (document: Document) =>
    all("main > section", document).flatMap((section) =>
      all(".note", section).filter((note) => /mined from the texts/.test(note.textContent!)).map(() => section.id)
    );
  assert.deepEqual(noted(page), []);
  const textView = { view: "lateral", vocabulary: 9, length: 32, splits: [] };
  const document = parse(renderReport({ ...experiment, data: { ...experiment.data, textView } }));
  const notes = Object.groupBy(noted(document), (id) => id);
  assert.deepEqual(
    Object.fromEntries(Object.entries(notes).map(([id, found]) => [id, found!.length])),
    { auroc: 1, comparison: 2, curves: 1, pictures: 1, cohort: 1 },
  );
});

Deno.test("the first sentence names methods with their settings, or the methods alone if there are many", () => {
  const settings = (count: number) =>
    Array.from({ length: count }, (_, i) => singleRunFixture({ setting: { lateral: `blur ${i}` }, studies: 40 }));
  const lead = (parts: readonly Results[]) => {
    const results = { ...parts[0]!, evaluations: parts.flatMap(({ evaluations }) => evaluations) };
    return parse(renderReport(results)).querySelector("#summary .lead")!.textContent!;
  };
  assert.match(lead(settings(2)), /^MMVM \(lateral blur 0\) and MMVM \(lateral blur 1\), trained/);
  assert.match(lead(settings(13)), /^MMVM \(13 methods and settings of them\), trained/);
});

Deno.test("renderReport() keeps a whole experiment under 3 MB", () => {
  assert.ok(new TextEncoder().encode(html).length < 3e6);
  const both = experimentFixture({ probes: ["logistic-regression", "random-forest"] });
  assert.ok(new TextEncoder().encode(renderReport(both, { published: PUBLISHED })).length < 3e6);
});

Deno.test("the report loads nothing from elsewhere", () => {
  for (const element of all("[src], [href]")) {
    const address = element.getAttribute("src") ?? element.getAttribute("href")!;
    assert.match(address, /^(#|data:image\/png;base64,)/);
  }
  assert.deepEqual(all("link, iframe, object, embed, base"), []);
  assert.doesNotMatch(all("style").map((style) => style.textContent).join(""), /url\(|@import/);
});

Deno.test("the eight sections are in order, numbered and linked from the table of contents", () => {
  assert.deepEqual(all("main > section").map((section) => section.id), SECTIONS);
  assert.deepEqual(all("nav a").map((link) => link.getAttribute("href")), SECTIONS.map((id) => `#${id}`));
  assert.deepEqual(all("main h2 .ordinal").map((e) => e.textContent), SECTIONS.map((_, i) => String(i + 1)));
});

Deno.test("renderReport() is deterministic", () => {
  assert.equal(renderReport(experiment, { published: PUBLISHED }), html);
});

Deno.test("the AUROC tables show the values of the results", () => {
  const tables = all("table.auroc");
  assert.deepEqual(tables.length, 2);
  ["frontal", "lateral"].forEach((view, v) => {
    const runs = (method: string) =>
      experiment.evaluations.filter((e) => e.method === method && e.view === view && e.labelledFraction === 1);
    const methods = ["independent", "avg", "moe", "mopoe", "poe", "mmvm", "supervised", "supervised-ensemble"];
    const expected = [...experiment.data.labels, null].map((label) =>
      methods.map((method) => {
        const aurocs = runs(method).map((e) =>
          label === null ? e.macro.auroc : e.metrics.find((m) => m.label === label)!.auroc
        );
        if (aurocs.some((auroc) => auroc.value === null)) return "n/a";
        const mean = (end: "value" | "low" | "high") => aurocs.reduce((sum, a) => sum + a[end]!, 0) / aurocs.length;
        return `${formatScore(mean("value"))} ${formatInterval(mean("low"), mean("high"))}`;
      })
    );
    const shown = all("tbody tr, tfoot tr", tables[v]!).map((row) =>
      all("td.value, td.missing:not(.published)", row).map((cell) => cell.textContent)
    );
    assert.deepEqual(shown, expected);
  });
});

Deno.test("the AUROC tables show the numbers of positive and negative test studies", () => {
  const metrics = experiment.evaluations[0]!.metrics;
  const shown = all("tbody tr", all("table.auroc")[0]).map((row) =>
    all("td.count", row).map((cell) => cell.textContent)
  );
  assert.deepEqual(shown, metrics.map(({ positives, negatives }) => [String(positives), String(negatives)]));
});

Deno.test("the headline shows the best macro AUROC of each view with its interval", () => {
  const { summary } = summarise(experiment);
  all(".headline").forEach((element, v) => {
    const cells = summary.cells[summary.primary]![v]!.at(-1)!;
    const best = cells.reduce((a, b) => b!.value > a!.value ? b : a)!;
    assert.equal(element.querySelector(".big")!.textContent, formatScore(best.value));
    assert.ok(element.textContent!.includes(formatInterval(best.low, best.high)));
    assert.ok(element.textContent!.includes("Mean over 13 of 14 labels; without Pleural Other"));
  });
  assert.match(page.querySelector("#summary")!.textContent!, /Not for clinical use/);
});

Deno.test("the forest plots show the differences of the results", () => {
  const shown = new Map(
    all("tbody tr", page.querySelector('[data-forest="0"]')!).map((row) => [
      row.querySelector("th")!.textContent,
      all("td.number", row)[0]!.textContent,
    ]),
  );
  for (const [method, name] of [["mmvm", "MMVM"], ["poe", "PoE"]] as const) {
    const row = experiment.comparisons.find((c) =>
      c.view === "frontal" && c.label === null && c.labelledFraction === 1 && c.baseline === method &&
      c.method === "supervised"
    )!;
    assert.equal(shown.get(name), formatDifference(-row.difference.value!));
  }
});

Deno.test("curves are drawn for every label, view, kind and method, with the AUROC of their run", () => {
  const panels = all("button.panel");
  assert.equal(panels.length, 13 * 2 * 4);
  assert.equal(all(".panel.empty").length, 2 * 4, "a label with one class has a note in place of its curves");
  for (const panel of panels) assert.equal(all(".line", panel).length, 8);
  const first = all('button.panel[data-kind="roc"] .line[data-arm="5"]')[0]!;
  const aurocs = experiment.evaluations
    .filter((e) => e.method === "mmvm" && e.view === "frontal" && e.labelledFraction === 1)
    .map((e) => e.metrics[0]!.auroc).sort((a, b) => a.value! - b.value!);
  const median = aurocs[1]!;
  assert.equal(
    first.getAttribute("data-text"),
    `${formatScore(median.value)} (${formatInterval(median.low, median.high)})`,
  );
});

Deno.test("calibration is tabulated before and after temperature scaling, with the temperature", () => {
  const tables = all("#curves table.plain");
  assert.equal(tables.length, 2);
  const [row] = all("tbody tr", tables[0]!);
  assert.equal(all("td", row!)[0]!.textContent, "0.125 → 0.063 (T 1.50)");
  assert.equal(all("tfoot td", tables[1]!)[0]!.textContent, "0.125 → 0.063");
  const old = experimentFixture();
  for (const { metrics } of old.evaluations) for (const metric of metrics) delete metric.calibration;
  const without = parse(renderReport(old));
  assert.match(without.querySelector("#curves")!.textContent!, /No calibration: .* Evaluate the run again/);
  assert.equal(all(".panels.kind-scaled", without).length, 0);
});

/** What a run generates, with a view whose name is markup. */
function generativeRecord(view: string): NonNullable<Results["generative"]>[number] {
  const interval = { value: 0.75, low: 0.7, high: 0.8 };
  const mean = { mean: 0.0125, standardError: 0.001 };
  return {
    run: experiment.runs[0]!.name,
    judge: { run: "judge", features: 128 },
    pairs: 1234,
    quality: [{ from: view, to: "lateral", images: 1234, mse: mean, ssim: null }],
    coherence: [
      { view: "lateral", source: "real", auroc: { ...interval, value: 0.9 }, labels: [] },
      {
        view: "lateral",
        source: "translation",
        from: view,
        auroc: interval,
        labels: [{ label: "Edema", auroc: interval }],
      },
    ],
    agreement: [{ source: "prior", samples: 100, share: 0.5 }],
    distances: [{ view: "lateral", source: "translation", from: view, images: 1234, distance: 12.3456 }],
    clusters: [{ view, studies: 300, clusters: 10, ari: 0.5, nmi: null, silhouette: 0.25 }],
    mixtures: [{ dimensions: 16, covariance: "full", components: 8, latents: 5000, heldOut: -12.345, bic: 1 }],
    samples: [],
    leftOut: ["the text view is a text"],
  };
}

Deno.test("what runs generate is tabulated by source, and a note says so if it was not measured", () => {
  assert.match(page.querySelector("#pictures")!.textContent!, /Generative quality was not measured; .* --generative/);
  const results = { ...experiment, generative: [generativeRecord("<b>frontal</b>")] };
  const found = parse(renderReport(resultsSchema.parse(results)));
  const [images, clusters] = all("#pictures table.plain", found);
  const cells = all("tbody tr", images!).map((row) => all("th, td", row).map((cell) => cell.textContent));
  assert.deepEqual(cells, [
    ["True images: lateral", "1,234", "–", "–", "0.900 (0.700–0.800)", "n/a"],
    [
      "Translated: lateral from <b>frontal</b>",
      "1,234",
      "0.0125 ± 0.0010",
      "–",
      "0.750 (0.700–0.800)",
      "12.35",
    ],
  ]);
  assert.deepEqual(all("tbody td", clusters!).map((cell) => cell.textContent), ["300", "10", "0.500", "n/a", "0.250"]);
  assert.match(
    found.querySelector("#pictures")!.textContent!,
    /8 components with full covariances.*Left out: the text/s,
  );
});

Deno.test("published numbers have a column of their own", () => {
  const cells = all("td.published").map((cell) => cell.textContent).filter((text) => text !== "–");
  assert.deepEqual(cells, ["0.863", "0.730"]);
  assert.equal(all("#show-published").length, 1);
  assert.equal(all("#show-published", parse(renderReport(singleRunFixture({ studies: 40 })))).length, 0);
});

Deno.test("each missing part is replaced by a note, and no section is empty", () => {
  const document = parse(renderReport(bare()));
  assert.deepEqual(all("main > section", document).map((section) => section.id), SECTIONS);
  for (const id of SECTIONS) assert.ok(all(`#${id} .note`, document).length > 0, id);
  assert.doesNotMatch(visibleText(document), /undefined|NaN|\[object|Infinity|null/);
});

Deno.test("a full report contains no undefined, NaN or [object Object]", () => {
  const mistake = /undefined|NaN|\[object|Infinity/;
  assert.doesNotMatch(visibleText(parse(html)), mistake);
  for (const element of all("*")) {
    for (const { name, value } of Array.from(element.attributes)) {
      // Base64 may contain any word by chance.
      if (name !== "src") assert.doesNotMatch(value, mistake, name);
    }
  }
});

Deno.test("hostile strings are rendered as text everywhere", () => {
  const hostile = `</script></style><img src=x onerror="globalThis.hacked=1">'"&lt;{{x}}\u2028`;
  const base = singleRunFixture({
    studies: 40,
    labels: [`${hostile}a`, `${hostile}b`, "Edema"],
    methods: ["poe", hostile],
  });
  const results = resultsSchema.parse({
    ...base,
    title: hostile,
    createdAt: hostile,
    data: {
      ...base.data,
      dataset: hostile,
      labelSource: hostile,
      uncertainPolicy: hostile,
      blankPolicy: hostile,
      splitPolicy: hostile,
      pairPolicy: hostile,
      cohort: [{ step: hostile, reason: hostile, images: 1, studies: 1, subjects: 1 }],
      splits: [{ split: hostile, subjects: 1, studies: 1, pairs: 1 }],
      viewMix: [{ view: hostile, position: hostile, split: hostile, images: 1 }],
      patientOverlap: [{ a: hostile, b: hostile, subjects: 3 }],
      texts: { ...TEXTS, section: hostile, lengths: [{ split: hostile, texts: 0 }] },
    },
    runs: base.runs.map((run) => ({
      ...run,
      commands: [hostile],
      config: { [hostile]: { [hostile]: hostile } },
      versions: { [hostile]: hostile },
      adapter: { description: hostile, profile: hostile },
      seconds: { [hostile]: 1 },
      createdAt: hostile,
    })),
    cases: base.cases.map((cases) => ({ ...cases, viewPositions: cases.viewPositions.map(() => hostile) })),
    evaluations: base.evaluations.map((evaluation) => ({ ...evaluation, setting: { [hostile]: hostile } })),
    comparisons: base.comparisons.map((comparison) => ({ ...comparison, probe: hostile })),
    pictures: base.pictures.map((pictures) => ({ ...pictures, from: hostile, to: hostile })),
    projections: base.projections.map((projection) => ({ ...projection, view: hostile })),
  });
  for (const includeIds of [false, true]) {
    const text = renderReport(results, { includeIds });
    const document = parse(text);
    assert.deepEqual(all("img", document).filter((img) => !img.getAttribute("src")!.startsWith("data:image/png")), []);
    assert.equal(all("script", document).length, 2);
    for (const element of all("*", document)) {
      for (const { name } of Array.from(element.attributes)) assert.doesNotMatch(name, /^on|^style$/i);
    }
    assert.equal(document.querySelector("h1")!.textContent, hostile);
    assert.equal((text.match(/<\/script>/g) ?? []).length, 2);
    assert.ok(!text.includes("<img src=x"));
  }
});

Deno.test("the report contains identifiers only on request", () => {
  const { studyIds, subjectIds } = experiment.cases[0]!;
  for (const id of [...studyIds, ...subjectIds]) assert.ok(!html.includes(id), id);
  const named = renderReport(experiment, { includeIds: true });
  assert.ok(named.includes(studyIds[0]!) && named.includes(subjectIds[0]!));
});

Deno.test("shared patients and macro averages over different labels are reported in the summary", () => {
  const base = singleRunFixture({ studies: 40, methods: ["poe", "mmvm"] });
  const faulty: Results = {
    ...base,
    data: { ...base.data, patientOverlap: [{ a: "train", b: "test", subjects: 2 }] },
    evaluations: base.evaluations.map((e) =>
      e.method === "poe" ? { ...e, macro: { ...e.macro, labels: ["Edema"] } } : e
    ),
  };
  const text = parse(renderReport(faulty)).querySelector("#summary .faults")!.textContent!;
  assert.match(text, /2 patients are in both the train and the test split/);
  assert.match(text, /over different labels and cannot be compared/);
  assert.equal(all("#summary .faults").length, 0);
});

Deno.test("results with exclusive labels show accuracy below macro AUROC", () => {
  const base = singleRunFixture({ studies: 40 });
  const digits: Results = {
    ...base,
    evaluations: base.evaluations.map((e) => ({ ...e, accuracy: { value: 0.912, low: 0.9, high: 0.92 } })),
  };
  const rows = all("table.auroc tfoot tr", parse(renderReport(digits))).map((row) => row.textContent);
  assert.ok(rows.some((text) => text!.startsWith("Accuracy") && text!.includes("0.912")));
  assert.ok(all("table.auroc tfoot tr").every((row) => !row.textContent!.startsWith("Accuracy")));
});

Deno.test("a varied numeric setting gets a chart of its own", () => {
  const noisy = [0, 0.1, 0.2].map((noise) => singleRunFixture({ setting: { "label-noise": noise }, studies: 40 }));
  const results: Results = { ...noisy[0]!, evaluations: noisy.flatMap((one) => one.evaluations) };
  const document = parse(renderReport(results));
  assert.ok(all("h3", document).some((heading) => heading.textContent === "AUROC against label-noise"));
  assert.equal(all("#comparison .chart", document).length, 2);
});
