import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Trace } from "../../runtime/program/profile.ts";
import { ROOT, runTask } from "../process.ts";

Deno.test("bench without arguments lists the benchmarks, each of which has a file", async () => {
  const { code, stdout } = await runTask(["bench"]);
  assert.equal(code, 0);
  const parts = [...stdout.matchAll(/^ {2}(\S+) {2,}\S/gm)].map(([, name]) => name!);
  assert.ok(parts.includes("profile") && parts.includes("engine"), stdout);
  const source = await readFile(join(ROOT, "bench/main.ts"), "utf8");
  const files = [...source.matchAll(/file: "([^"]+)"/g)].map(([, file]) => file!);
  assert.equal(files.length, parts.length);
  assert.deepEqual(files.filter((file) => !existsSync(join(ROOT, file))), []);
});

Deno.test("bench rejects an unknown benchmark with the list of known ones", async () => {
  const { code, stderr } = await runTask(["bench", "speed"]);
  assert.equal(code, 2);
  assert.match(stderr, /^error: there is no benchmark speed; choose one of engine, profile, /);
});

Deno.test("bench engine prints the time of a replayed step", async () => {
  const { code, stdout, stderr } = await runTask(["bench", "engine", "--dispatches", "20", "--steps", "5"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /\d+ dispatches, compiled in \d+ ms/);
  assert.match(stdout, /GPU idle {2}median \d+\.\d\d ms/);
});

Deno.test("bench profile prints every kernel's share of the time and writes a trace", async () => {
  const out = join(tmpdir(), `mmvm_profile_${crypto.randomUUID()}`, "trace.json");
  const small = ["--filter-dim", "1", "--latent-dim", "2", "--batch-size", "2", "--repeats", "1", "--out", out];
  try {
    const { code, stdout, stderr } = await runTask(["bench", "profile", ...small]);
    assert.equal(code, 0, stderr);
    const shares = [...stdout.matchAll(/^\S+ +\d+ +[\d.]+ +([\d.]+)% +[\d.]+ +[\d.]+$/gm)].map(([, share]) =>
      Number(share)
    );
    assert.ok(shares.length > 20, stdout);
    assert.ok(Math.abs(shares.reduce((total, share) => total + share, 0) - 100) < 0.05 * shares.length);
    const dispatches = Number(/^(\d+) dispatches/m.exec(stdout)?.[1]);
    const { traceEvents } = JSON.parse(await readFile(out, "utf8")) as Trace;
    assert.equal(traceEvents.filter(({ ph }) => ph === "X").length, dispatches);
  } finally {
    await rm(join(out, ".."), { recursive: true, force: true });
  }
});
