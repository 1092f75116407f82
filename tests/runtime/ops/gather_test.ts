import assert from "node:assert/strict";
import { compile } from "../../../runtime/program/compile.ts";
import { Device } from "../../../runtime/device/device.ts";
import { read } from "../../../runtime/program/eager.ts";
import { input, tensor } from "../../../runtime/graph/leaf.ts";
import { gather } from "../../../runtime/ops/gather.ts";
import { sizeOf } from "../../../runtime/graph/shape.ts";
import * as reference from "../../reference/gather.ts";
import { checkOp, numbers } from "../gradient_check.ts";

Deno.test("gather() matches the oracle, and its gradient central differences", async () => {
  using device = await Device.open();
  const cases = [
    { table: [5, 3], indices: [4], rows: [2, 0, 2, 4] },
    { table: [7, 8], indices: [2, 3], rows: [6, 6, 6, 0, 1, 6] },
    { table: [3, 2, 2], indices: [5], rows: [1, 1, 0, 2, 1] },
    { table: [4], indices: [3], rows: [3, 3, 0] },
  ];
  for (const { table, indices, rows } of cases) {
    await checkOp(device, {
      name: `gather from [${table}]`,
      op: ([t, i]) => {
        const y = gather(t!, i!);
        assert.deepEqual(y.shape, [...indices, ...table.slice(1)]);
        return y;
      },
      oracle: ([t]) => reference.gather(t!, { rows: table[0]!, columns: sizeOf(table.slice(1)), indices: rows }),
      inputs: [{ shape: table, data: numbers(sizeOf(table)) }, { shape: indices, data: rows, dtype: "u32" }],
    });
  }
});

Deno.test("gather() rejects constant indices out of range, and returns NaN for others", async () => {
  using device = await Device.open();
  const table = tensor([1, 2, 3, 4], { shape: [2, 2] });
  assert.throws(
    () => gather(table, tensor([0, 2], { dtype: "u32" })),
    /index 1 is 2, but a table of shape \[2, 2\] has 2 rows/,
  );
  assert.throws(() => gather(table, tensor([0, 1])), /u32 indices/);
  assert.throws(() => gather(tensor([1], { shape: [] }), tensor([0], { dtype: "u32" })), /a table with rows/);
  assert.deepEqual([...await read(gather(table, tensor([1, 0], { dtype: "u32" })), { device })], [3, 4, 1, 2]);
  using program = await compile(device, () => ({
    outputs: { y: gather(table, input("i", { shape: [2], dtype: "u32" })) },
  }));
  program.run({ i: Uint32Array.of(7, 1) });
  assert.deepEqual([...(await program.read("y"))[0]!], [NaN, NaN, 3, 4]);
});
