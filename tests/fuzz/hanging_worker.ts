/**
 * A worker for tests of the watchdog, with one sound reader, and one that never ends on its second case.
 *
 * @module
 */
import { serveCases } from "./serve_cases.ts";

let cases = 0;
serveCases(() =>
  Promise.resolve([
    { name: "sound", text: true, inputs: [new TextEncoder().encode("1,2,3")], read: () => {} },
    {
      name: "hangs",
      text: true,
      inputs: [new TextEncoder().encode("a,b,c")],
      read: () => {
        while (++cases === 2) cases--;
      },
    },
  ])
);
