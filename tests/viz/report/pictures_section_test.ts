import assert from "node:assert/strict";
import type { Results } from "../../../eval/results/results.ts";
import { resultsSchema } from "../../../eval/results/results_schema.ts";
import { renderReport } from "../../../viz/report/report.ts";
import { singleRunFixture } from "./fixture.ts";
import { elements, parse } from "./report_document.ts";

Deno.test("pictures of patients are embedded only on request, and a note explains it either way", () => {
  const real = singleRunFixture({ synthetic: false, studies: 40 });
  const without = renderReport(real);
  assert.ok(!without.includes("data:image"));
  assert.match(parse(without).querySelector("#pictures")!.textContent!, /omitted because mimic-cxr shows patients/);
  const withThem = parse(renderReport(real, { includeImages: true }));
  assert.ok(elements("#pictures img", withThem).length > 0);
  assert.match(withThem.querySelector("#pictures")!.textContent!, /contains pictures of patients/);
  const phantoms = parse(renderReport(singleRunFixture({ studies: 40 })));
  assert.ok(elements("#pictures img", phantoms).length > 0);
  assert.doesNotMatch(phantoms.querySelector("#pictures")!.textContent!, /patients/);
});

Deno.test("augmented pictures stand below their originals, with the ranges, where pictures may be shown", () => {
  const base = singleRunFixture({ studies: 40, synthetic: false });
  const png = base.pictures[0]!.items[0]!.input;
  const amounts = { scale: 0.1, rotate: 7, flip: 0 };
  const one = { run: "mmvm-s0", size: 64, amounts, items: [{ original: png, augmented: [png, png] }] };
  const augmentations = [{ ...one, view: "frontal" }, { ...one, view: "lateral" }];
  const results = resultsSchema.parse({ ...base, augmentations });
  assert.ok(!renderReport(results).includes("augmented"));
  const document = parse(renderReport(results, { includeImages: true }));
  const alt = elements("#pictures img", document).map((img) => img.getAttribute("alt")!)
    .filter((text) => /lateral, (augmented|original)/.test(text) && !text.includes("given"));
  assert.deepEqual(alt.filter((text) => text.includes("augmented")), [
    "Study 1: lateral, augmented, version 1",
    "Study 1: lateral, augmented, version 2",
  ]);
  const text = document.querySelector("#pictures")!.textContent!;
  assert.match(text, /Ranges: scaled to 90 % to 110 %; rotated by up to 7° in either direction\./);
  const synthetic = (given: typeof augmentations): Results => ({
    ...results,
    data: { ...results.data, synthetic: true },
    augmentations: given,
  });
  const large = augmentations.map((each) => ({
    ...each,
    items: Array(4).fill({ original: `${png.slice(0, 40)}${"A".repeat(200_000)}`, augmented: [] }),
  }));
  const shown = parse(renderReport(synthetic(large)));
  assert.equal(elements("#pictures img", shown).filter((img) => img.getAttribute("src")!.length > 2e5).length, 2);
  const script = augmentations.map((each) => ({ ...each, items: [{ original: btoa("<svg>"), augmented: [] }] }));
  assert.ok(elements("h3", parse(renderReport(synthetic(script)))).every((h3) => h3.textContent !== "Augmentation"));
});

Deno.test("pictures that are not PNG or exceed the budget are omitted and counted", () => {
  const base = singleRunFixture({ studies: 40, methods: ["poe", "mmvm"] });
  const script = btoa("<svg onload=alert(1)>");
  const broken = base.pictures.map((pictures) =>
    pictures.run !== "poe-s0"
      ? pictures
      : { ...pictures, items: pictures.items.map((item) => ({ ...item, output: script })) }
  );
  const document = parse(renderReport({ ...base, pictures: broken }));
  assert.match(document.querySelector("#pictures")!.textContent!, /4 grids of pictures are omitted/);
  assert.ok(
    elements("#pictures img", document).every((img) => img.getAttribute("src") !== `data:image/png;base64,${script}`),
  );
  const large = base.pictures.map((pictures) => ({
    ...pictures,
    items: pictures.items.map((item) => ({ ...item, output: `${item.output.slice(0, 40)}${"A".repeat(400_000)}` })),
  }));
  assert.ok(renderReport({ ...base, pictures: large }).length < 1e6);
});
