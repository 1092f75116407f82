import assert from "node:assert/strict";
import { countTests } from "./junit.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="6" failures="1" errors="0" time="0.071">
  <testsuite name="./a_test.ts" tests="6" disabled="2" errors="0" failures="1">
    <testcase name="plain ok" classname="./a_test.ts" time="0.000" line="1" col="6">
    </testcase>
    <testcase name="steps" classname="./a_test.ts" time="0.002" line="2" col="6">
    </testcase>
    <testcase name="a &gt; b is no step" classname="./a_test.ts" time="0.002" line="2" col="6"/>
    <testcase name="needs &apos;chromium&apos; &#x3C;&#62;" classname="./a_test.ts" time="0.000">
      <skipped/>
    </testcase>
    <testcase name="bad" classname="./a_test.ts" time="0.001" line="4" col="6">
      <failure message="Uncaught">&lt;skipped/&gt; in the message</failure>
    </testcase>
    <testcase name="steps &gt; first" classname="./a_test.ts" time="0.000" line="2" col="43">
    </testcase>
    <testcase name="steps &gt; second" classname="./a_test.ts" time="0.000" line="2" col="87">
      <skipped/>
    </testcase>
  </testsuite>
</testsuites>`;

Deno.test("countTests() counts tests, not their steps, and names what was skipped", () => {
  assert.deepEqual(countTests(REPORT), {
    passed: 3,
    failed: 1,
    skipped: [
      { file: "./a_test.ts", name: "needs 'chromium' <>" },
      { file: "./a_test.ts", name: "steps > second" },
    ],
    seconds: new Map([["./a_test.ts", 0.005]]),
  });
});

Deno.test("countTests() finds nothing in an empty report", () => {
  assert.deepEqual(countTests(""), { passed: 0, failed: 0, skipped: [], seconds: new Map() });
});
