import assert from "node:assert/strict";
import { duration, startProgress } from "../../../cli/terminal/progress.ts";

/** An output stream that records everything written. */
function screen(options: { isTTY: boolean; columns?: number }) {
  let text = "";
  return {
    ...options,
    write(part: string) {
      text += part;
      return true;
    },
    text: () => text,
    lines: () => text.split("\n").slice(0, -1),
  };
}

Deno.test("without a terminal, progress is at most one plain line per interval, and the final state", () => {
  const stream = screen({ isTTY: false });
  let time = 0;
  const progress = startProgress("training", { total: 100, stream, lineInterval: 1000, now: () => time });
  for (let step = 1; step <= 100; step++) {
    time += 100;
    progress.update(step, { loss: `${step}.0` });
  }
  progress.stop();
  progress.stop();
  assert.deepEqual(stream.lines().slice(0, 3), [
    "training 1/100  loss 1.0  0:10 left",
    "training 11/100  loss 11.0  0:09 left",
    "training 21/100  loss 21.0  0:08 left",
  ]);
  assert.equal(stream.lines().length, 11);
  assert.equal(stream.lines().at(-1), "training 100/100  loss 100.0  0:10 in all");
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(stream.text(), /[\r\x1b]/);
});

Deno.test("without a terminal, nothing is printed twice and log lines pass through", () => {
  const stream = screen({ isTTY: false });
  {
    using progress = startProgress("reading", { total: 2, stream, now: () => 0 });
    progress.log("skipped a.jpg");
    progress.update(1);
  }
  assert.deepEqual(stream.lines(), ["skipped a.jpg", "reading 1/2  0:00 left"]);
});

Deno.test("a resumed job estimates the remaining time from its own speed", () => {
  const stream = screen({ isTTY: false });
  let time = 0;
  using progress = startProgress("training", { total: 100, from: 90, stream, now: () => time });
  time = 5000;
  progress.update(95);
  assert.deepEqual(stream.lines(), ["training 95/100  0:05 left"]);
});

Deno.test("on a terminal, progress is one line, redrawn and truncated to the width, with log lines above", () => {
  const stream = screen({ isTTY: true, columns: 60 });
  const progress = startProgress("training", { total: 10, stream });
  progress.update(5, { loss: "812.4" });
  progress.log("skipped a.jpg");
  progress.update(10, { loss: "7.5", "a long name of a field": "with a value" });
  progress.stop();
  progress.stop();
  progress.update(10);
  assert.ok(stream.text().includes("\r\x1b[Kskipped a.jpg\n"));
  // deno-lint-ignore no-control-regex
  const drawn = stream.text().split(/\x1b\[\d*[A-Za-z]|\x1b\d|\r|\n/).filter((part) => part.startsWith("training"));
  assert.ok(drawn.length >= 2);
  for (const line of drawn) assert.ok(line.length < 60, line);
  assert.ok(drawn.at(-1)!.startsWith(`training ${"█".repeat(24)} 10/10  loss 7.5`));
  assert.ok(stream.text().endsWith("\n"));
});

Deno.test("on a terminal, a bar that is never stopped leaves cursor and wrapping as they were", () => {
  const stream = screen({ isTTY: true });
  const progress = startProgress("training", { total: 10, stream });
  progress.update(5);
  const unstopped = stream.text();
  progress.stop();
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(unstopped, /\x1b\[\?(25|7)l/);
});

Deno.test("duration() formats minutes and seconds, and hours if there are any", () => {
  assert.equal(duration(0), "0:00");
  assert.equal(duration(65_400), "1:05");
  assert.equal(duration(3_599_499), "59:59");
  assert.equal(duration(3_599_500), "1:00:00");
  assert.equal(duration(360_000_000), "100:00:00");
});
