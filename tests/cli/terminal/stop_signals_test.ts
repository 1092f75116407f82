import assert from "node:assert/strict";
import { stopSignals } from "../../../cli/terminal/stop_signals.ts";

/** A fake system with scripted signals and time. */
function byHand() {
  const handlers = new Map<string, () => void>();
  const exits: number[] = [];
  let time = 0;
  const stop = stopSignals("saving", {
    listen: (name, handler) => handlers.set(name, handler),
    exit: (code) => exits.push(code),
    now: () => time,
  });
  const send = (name: string, at: number) => {
    time = at;
    handlers.get(name)!();
  };
  return { stop, send, exits };
}

function silently(test: () => void): string[] {
  const { error } = console;
  const lines: string[] = [];
  console.error = (line: string) => lines.push(line);
  try {
    test();
  } finally {
    console.error = error;
  }
  return lines;
}

Deno.test("stopSignals() aborts at the first SIGINT, SIGTERM or SIGHUP, with the shell's exit code", () => {
  for (const [name, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    const { stop, send, exits } = byHand();
    const lines = silently(() => send(name, 100));
    assert.deepEqual(lines, [`\n${name}: saving; again after 2 s to stop at once`]);
    assert.equal(stop.signal.aborted, true);
    assert.equal(stop.exitCode, code);
    assert.deepEqual(exits, []);
  }
});

Deno.test("stopSignals() treats signals within two seconds as one request, and exits at a later one", () => {
  const { stop, send, exits } = byHand();
  const lines = silently(() => {
    send("SIGHUP", 0);
    send("SIGTERM", 10);
    send("SIGINT", 1999);
    assert.deepEqual(exits, []);
    send("SIGINT", 2000);
  });
  assert.equal(lines.length, 1);
  assert.deepEqual(exits, [130]);
  assert.equal(stop.exitCode, 129);
});
