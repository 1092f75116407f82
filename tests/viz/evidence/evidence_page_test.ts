import assert from "node:assert/strict";
import { parseHTML } from "linkedom";
import { type Evaluation, makeEvidence, type Results, type TradeOffPoint } from "../../../eval/mod.ts";
import { EVIDENCE_TOPICS, type EvidenceSource, renderEvidence } from "../../../viz/mod.ts";
import { meanPoints } from "../../../viz/evidence/findings.ts";
import { syntheticResults } from "../../eval/results/synthetic_results.ts";

const one = await syntheticResults({ name: "mmvm-1", method: "mmvm", seed: 1, noise: 0 });
const other = await syntheticResults({ name: "independent-1", method: "independent", seed: 1, noise: 1 });
const again = await syntheticResults({ name: "mmvm-2", method: "mmvm", seed: 2, noise: 0 });

/** Both runs, with a setting for each evaluation. */
function both(change: (each: Evaluation) => Evaluation = (each) => each): Results {
  return {
    ...one,
    runs: [...one.runs, ...other.runs],
    evaluations: [...one.evaluations, ...other.evaluations].map(change),
  };
}

async function source(
  results: Results,
  { tradeOff = [], reportRuns, ...changes }: Partial<EvidenceSource> & {
    tradeOff?: TradeOffPoint[];
    reportRuns?: number;
  } = {},
): Promise<EvidenceSource> {
  const record = { ...await makeEvidence(results, { resamples: 20 }), tradeOff, reportRuns };
  return { path: "data/table-phantoms-small.json", record, comparisons: results.comparisons, ...changes };
}

function page(evidence: Record<string, EvidenceSource[]>): Document {
  return (parseHTML(renderEvidence(new Map(Object.entries(evidence)))) as unknown as { document: Document }).document;
}

const captionOf = (document: Document, id: string) => document.querySelector(`#${id} figcaption`)!.textContent!;

Deno.test("the page names its sources, studies, patients and seeds, and lists what was not run", async () => {
  const document = page({ table: [await source(both(), { report: "table-phantoms-small.html" })] });
  const caption = captionOf(document, "table");
  const { studyIds, subjectIds } = one.cases[0]!;
  assert.match(caption, /data\/table-phantoms-small\.json/);
  assert.ok(
    caption.includes(`${studyIds.length} test studies of ${new Set(subjectIds).size} patients: 2 runs with seed 1,`),
  );
  assert.equal(document.querySelector("#table a")!.getAttribute("href"), "table-phantoms-small.html");
  const missing = [...document.querySelectorAll("#not-run code")].map((code) => code.textContent);
  assert.deepEqual(
    missing,
    EVIDENCE_TOPICS.slice(1).map(({ experiment }) => `deno task experiment ${experiment}`),
  );
});

Deno.test("the page says if not every method was trained with each seed", async () => {
  const uneven = await source({
    ...both(),
    runs: [...both().runs, ...again.runs],
    evaluations: [...both().evaluations, ...again.evaluations],
  });
  assert.match(
    captionOf(page({ table: [uneven] }), "table"),
    /: 3 runs with seeds 1 and 2 \(not every method with each; two are compared over the seeds of both\),/,
  );
});

Deno.test("a report of some of the runs says of how many", async () => {
  const whole = page({ table: [await source(both(), { report: "table.html", reportRuns: 2 })] });
  assert.match(captionOf(whole, "table"), /; its report\.$/);
  const part = page({ table: [await source(both(), { report: "table.html", reportRuns: 1 })] });
  assert.match(captionOf(part, "table"), /; its report shows 1 of these 2 runs\.$/);
});

Deno.test("a report that is not beside the page is not linked", async () => {
  const sources = await source(both());
  for (const report of ["../a.html", "javascript:a.html", "https://a.org/a.html", "/a.html"]) {
    assert.throws(() => page({ table: [{ ...sources, report }] }), /a report is linked by its file name/);
  }
});

Deno.test("where another method is first, its paired difference from MMVM and MMVM's place are named", async () => {
  const results = both();
  const [first] = results.evaluations;
  const { view } = first!;
  const at = (method: string, value: number): Evaluation => ({
    ...first!,
    method,
    macro: { ...first!.macro, auroc: { value, low: value - 0.05, high: value + 0.05 } },
  });
  const evaluations = [at("mmvm", 0.7), at("clip", 0.9), at("vicreg", 0.8)];
  const comparison = (baseline: string, value: number): Results["comparisons"][number] => ({
    ...{ view, label: null, labelledFraction: first!.labelledFraction, probe: first!.probe, baseline, method: "mmvm" },
    difference: { value, low: value - 0.02, high: value + 0.02 },
    ...{ p: 0.01, pHolm: 0.02, test: "paired-bootstrap" as const },
  });
  const comparisons = [comparison("clip", -0.2), comparison("vicreg", -0.1)];
  const pageWith = async (shown: Evaluation[]) =>
    page({ "table-extended": [await source({ ...results, evaluations: shown, comparisons })] });
  const lead = (name: string, mmvm: string, difference: string) =>
    `${name} is first, before MMVM (${mmvm}), by ${difference} (p 0.010, 0.020 after Holm; paired bootstrap). Trained`;
  const three = await pageWith(evaluations);
  const caption = captionOf(three, "table-extended");
  assert.ok(caption.includes(lead("CLIP (0.900)", "0.700, place 3 of 3", "+0.200 [0.180 to 0.220]")), caption);
  const two = captionOf(await pageWith([at("mmvm", 0.7), at("vicreg", 0.8)]), "table-extended");
  assert.ok(two.includes(lead("VICReg (0.800)", "0.700", "+0.100 [0.080 to 0.120]")), two);
  // Beside the scores, a table of all differences from MMVM.
  const tables = [...three.querySelectorAll("#table-extended table.intervals")];
  const rows = [...tables.at(-1)!.querySelectorAll("tbody tr")].map((row) => [
    row.querySelector("th")!.textContent!.trim(),
    row.querySelector("td.number")!.textContent,
  ]);
  assert.deepEqual(rows, [["VICReg", "−0.100"], ["CLIP", "−0.200"]]);
});

Deno.test("a table of differences has those of each seed where there are several", async () => {
  const results = both();
  const [{ view, labelledFraction, probe }] = results.evaluations as [Evaluation];
  const values = (seeds: number[]) => seeds.map((value, i) => ({ seed: i + 1, value }));
  const comparison = (baseline: string, method: string, seeds: number[]): Results["comparisons"][number] => ({
    ...{ view, label: null, labelledFraction, probe, baseline, method, bySeed: values(seeds) },
    difference: { value: 0.01, low: -0.01, high: 0.03 },
    ...{ p: 0.3, pHolm: 0.6, test: "paired-bootstrap" as const },
  });
  const tableWith = async (seeds: number[]) => {
    const comparisons = [comparison("mmvm", "independent", seeds), comparison("poe", "mmvm", seeds)];
    return [...page({ table: [await source({ ...results, comparisons })] }).querySelectorAll("table.intervals")].at(
      -1,
    )!;
  };
  const lastCells = (table: Element) =>
    [...table.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td.number")].at(-1)!.textContent);
  const two = await tableWith([0.03, -0.01]);
  assert.equal([...two.querySelectorAll("thead th")].at(-1)!.textContent, "By seed");
  // MMVM minus the other, PoE first, whichever way they were compared.
  assert.deepEqual(lastCells(two), ["+0.030, −0.010", "−0.030, +0.010"]);
  const one = await tableWith([0.03]);
  assert.equal([...one.querySelectorAll("thead th")].at(-1)!.textContent, "p (Holm)");
});

Deno.test("the best VAE of a view is named with its score and the paired difference to the next", async () => {
  const results = both();
  const view = results.evaluations[0]!.view;
  const macro = (method: string) =>
    results.evaluations.find((each) => each.method === method && each.view === view)!.macro.auroc.value!;
  const shared = { view, label: null, labelledFraction: results.evaluations[0]!.labelledFraction };
  const compared: Results = {
    ...results,
    comparisons: [{
      ...shared,
      ...{ probe: "logistic-regression", baseline: "mmvm", method: "independent" },
      difference: { value: -0.05, low: -0.08, high: -0.02 },
      bySeed: [{ seed: 1, value: -0.09 }, { seed: 2, value: -0.01 }],
      ...{ p: 0.0004, pHolm: 0.012, test: "paired-bootstrap" as const },
    }],
  };
  assert.ok(macro("mmvm") > macro("independent"));
  const caption = captionOf(page({ table: [await source(compared)] }), "table");
  assert.ok(
    caption.includes(
      `n the ${view} view MMVM (${macro("mmvm").toFixed(3)}) is first, before Independent (${
        macro("independent").toFixed(3)
      }), by +0.050 [0.020 to 0.080] (p <0.001, 0.012 after Holm; paired bootstrap; by seed +0.090, +0.010)`,
    ),
    caption,
  );
});

Deno.test("with a varied setting, the change from its smallest to its largest value is said of methods", async () => {
  const shares = [0, 0.5];
  const results = both();
  const varied: Results = {
    ...results,
    evaluations: shares.flatMap((share) =>
      results.evaluations.map((each) => ({
        ...each,
        setting: { absent: share },
        macro: { ...each.macro, auroc: { value: 0.8 - share / 10, low: 0.7, high: 0.9 } },
      }))
    ),
  };
  const document = page({ "missing-views": [await source(varied)] });
  const caption = captionOf(document, "missing-views");
  assert.match(caption, /From 0% to 50%, in the \w+ view MMVM goes from 0\.800 to 0\.750/);
  assert.equal(document.querySelectorAll("#missing-views svg.chart").length, new Set(one.data.views).size);
  assert.equal(document.querySelectorAll("#missing-views svg.chart path.line").length, 2 * one.data.views.length);
});

Deno.test("with settings, methods are shown, and MMVM's lead is said, within each of them", async () => {
  const results = both();
  const views = [...new Set(results.evaluations.map(({ view }) => view))];
  const settings = [{}, { hard: 0.5 }];
  const varied: Results = {
    ...results,
    evaluations: settings.flatMap((setting, i) =>
      results.evaluations.map((each) => ({
        ...each,
        setting,
        labelledStudies: 20 + 60 * i,
        macro: { ...each.macro, auroc: { value: (each.method === "mmvm" ? 0.8 : 0.7) - i / 10, low: 0.5, high: 0.9 } },
      }))
    ),
    comparisons: settings.flatMap((setting, i) =>
      views.map((view): Results["comparisons"][number] => ({
        ...{ view, label: null, labelledFraction: 1, probe: "logistic-regression", setting },
        ...{ baseline: "independent", method: "mmvm" },
        difference: { value: 0.1, low: i === 0 ? -0.02 : 0.01, high: 0.2 },
        ...{ p: 0.01, pHolm: 0.03, test: "paired-bootstrap" },
      }))
    ),
  };
  const document = page({ "published-order": [await source(varied)] });
  const [first] = [...document.querySelectorAll("#published-order table.intervals")];
  const rows = [...first!.querySelectorAll("tbody tr")];
  assert.deepEqual(rows.map((row) => [row.querySelector("th")!.textContent, row.classList.contains("bold")]), [
    ["base: Independent", false],
    ["base: MMVM", true],
    ["hard 0.5: Independent", false],
    ["hard 0.5: MMVM", true],
  ]);
  const caption = captionOf(document, "published-order");
  for (const view of views) {
    assert.ok(caption.includes(`in the ${view} view ahead of it at hard 0.5 and level with it at base`), caption);
  }
  assert.match(caption, /; ahead in every view at hard 0\.5\. Trained on 20 \(80 with hard 0\.5\)/);
  const differences = [...document.querySelectorAll("#published-order table.intervals")].slice(views.length);
  for (const table of differences) {
    const shown = [...table.querySelectorAll("tbody tr")].map((row) => [
      row.querySelector("th")!.textContent!.trim(),
      ...[...row.querySelectorAll("td.number")].map((cell) => cell.textContent),
    ]);
    assert.deepEqual(shown, [
      ["Independent (base)", "+0.100", "−0.020 to 0.200", "0.030"],
      ["Independent (hard 0.5)", "+0.100", "0.010 to 0.200", "0.030"],
    ]);
  }
  assert.equal(differences.length, views.length);
});

Deno.test("a view has an axis of its own if the range of another one is much wider", async () => {
  const results = both();
  const [first, second] = [...new Set(results.evaluations.map(({ view }) => view))];
  const ticks = async (least: number) => {
    const evaluations = results.evaluations.map((each, i) => {
      const value = (each.view === second && each.method === "mmvm" ? least : 0.84) - i / 1e4;
      return { ...each, macro: { ...each.macro, auroc: { value, low: value - 0.005, high: value + 0.005 } } };
    });
    const document = page({ table: [await source({ ...results, evaluations })] });
    const [table] = [...document.querySelectorAll("#table table.intervals")];
    assert.match(table!.querySelector("caption")!.textContent!, new RegExp(first!, "i"));
    return [...table!.querySelectorAll(".tick-x")].map(({ textContent }) => Number(textContent));
  };
  assert.ok(Math.min(...await ticks(0.82)) < 0.83);
  assert.ok(Math.min(...await ticks(0.5)) > 0.8);
});

Deno.test("the trade-off shows means over seeds, and names the most coherent setting of each method", async () => {
  const point = (changes: Partial<TradeOffPoint>): TradeOffPoint => ({
    ...{ method: "mmvm", beta: 1, latentDim: 32, seed: 1, error: 0.03, classification: 0.8, coherence: 0.5 },
    ...changes,
  });
  const tradeOff = [
    point({ seed: 1, coherence: 0.5, divergence: 10 }),
    point({ seed: 2, coherence: 0.7, divergence: 12 }),
    point({ beta: 0.125, coherence: 0.2 }),
    point({ method: "poe", beta: 0.125, coherence: 0.3 }),
  ];
  assert.equal(meanPoints(tradeOff).length, 3);
  // Of an older record one seed has no divergence: that of the other is no mean.
  assert.equal(meanPoints([point({ divergence: 10 }), point({ seed: 2 })])[0]!.divergence, undefined);
  const document = page({ polymnist: [await source(both(), { tradeOff })] });
  assert.match(
    captionOf(document, "polymnist"),
    /where chance is 20%: MMVM 60% \(classification 80%, error 0\.0300, divergence 11\.0 nats, beta 2\^0, 32 dimensions\); PoE 30% \(classification 80%, error 0\.0300, beta 2\^-3,/,
  );
  assert.equal(document.querySelectorAll("#polymnist svg.chart").length, 2);
});

Deno.test("the page has no script, loads nothing, and holds no identifier of a study or patient", async () => {
  const html = renderEvidence(new Map([["table", [await source(both())]]]));
  const { document } = parseHTML(html) as unknown as { document: Document };
  assert.equal(document.querySelectorAll("script, link, img, iframe").length, 0);
  const policy = document.querySelector("meta[http-equiv]")!.getAttribute("content")!;
  assert.match(policy, /^default-src 'none'; script-src ; style-src 'sha256-/);
  for (const id of [...one.cases[0]!.studyIds.slice(0, 5), ...one.cases[0]!.subjectIds.slice(0, 5)]) {
    assert.ok(!html.includes(`>${id}<`) && !html.includes(`"${id}"`));
  }
});
