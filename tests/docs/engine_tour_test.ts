import assert from "node:assert/strict";
import { join } from "node:path";
import { engineTour, withEngineTour } from "../../docs/build/engine_tour.ts";
import { ROOT } from "../process.ts";

Deno.test("docs/engine.md shows what the engine generates; otherwise run `deno task docs`", async () => {
  const page = await Deno.readTextFile(join(ROOT, "docs/engine.md"));
  const tour = await engineTour();
  assert.equal(withEngineTour(page, tour), page);
  for (const block of Object.values(tour)) assert.ok(page.includes(block));
});

Deno.test("withEngineTour() replaces earlier blocks", () => {
  const tour = { graph: "G", dispatches: "D", memory: "M", kernel: "K" };
  const once = withEngineTour("a\n\n<!-- generated: graph -->\n\nb\n", tour);
  assert.equal(once, "a\n\n<!-- generated: graph -->\n\nG\n\n<!-- end -->\n\nb\n");
  assert.equal(withEngineTour(once, { ...tour, graph: "H" }), once.replace("G\n", "H\n"));
});
