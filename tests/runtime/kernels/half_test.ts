import assert from "node:assert/strict";
import fc from "fast-check";
import { halfFault, withHalf } from "../../../runtime/kernels/half.ts";

const X = "@group(0) @binding(0) var<storage, read> x: array<vec4f>;";
const Y = "@group(0) @binding(1) var<storage, read_write> y: array<f32>;";
const HALF_X = X.replace("vec4f", "vec4h");
const HALF_Y = Y.replace("array<f32>", "array<f16>");

function main(body: string): string {
  return `@compute @workgroup_size(1)\nfn main() {\n${body}\n}\n`;
}

function halved(code: string, bindings: readonly boolean[], texels: readonly boolean[] = []): string {
  return withHalf(code, { kernel: "k", halves: { bindings, texels } });
}

Deno.test("withHalf() widens what is read and rounds what is stored", () => {
  const code = `${X}\n${Y}\n${main("let v = x[i / 4u].z + dot(x[0], x[j[1]]);\ny[i] = v * y[i + 1u];")}`;
  assert.equal(
    halved(code, [true, true]),
    `enable f16;\n${HALF_X}\n${HALF_Y}\n${
      main("let v = vec4f(x[i / 4u]).z + dot(vec4f(x[0]), vec4f(x[j[1]]));\ny[i] = f16(v * f32(y[i + 1u]));")
    }`,
  );
  assert.equal(
    halved(code, [false, true]),
    `enable f16;\n${X}\n${HALF_Y}\n${
      main("let v = x[i / 4u].z + dot(x[0], x[j[1]]);\ny[i] = f16(v * f32(y[i + 1u]));")
    }`,
  );
});

Deno.test("withHalf() leaves a kernel without float16 as it is", () => {
  const code = `${X}\n// comment\n${main("let v = x[0];")}`;
  assert.equal(halved(code, [false], [false]), code);
});

Deno.test("withHalf() follows aliases of the element type, and indices that read the buffer themselves", () => {
  const alias = "alias T = vec4f;\n@group(0) @binding(0) var<storage, read_write> x: array<T>;\n";
  assert.equal(
    halved(alias + main("x[u32(x[2].x)] = T(1.0);"), [true]),
    `enable f16;\n${alias.replace("array<T>", "array<vec4h>")}${main("x[u32(vec4f(x[2]).x)] = vec4h(T(1.0));")}`,
  );
});

Deno.test("withHalf() gives a kernel that moves words the bits of float32", () => {
  const code = "@group(0) @binding(0) var<storage, read> x: array<vec4u>;\n" +
    "@group(0) @binding(1) var<storage, read_write> y: array<u32>;\n" + main("y[i] = x[i].y;");
  const want = "enable f16;\n@group(0) @binding(0) var<storage, read> x: array<vec4h>;\n" +
    "@group(0) @binding(1) var<storage, read_write> y: array<f16>;\n" +
    main("y[i] = f16(bitcast<f32>(bitcast<vec4u>(vec4f(x[i])).y));");
  assert.equal(halved(code, [true, true]), want);
});

Deno.test("withHalf() takes no notice of comments, members and longer names", () => {
  const code = `${X}\n${main("// x[0] += 1 and &x\nlet a = p.x + v.x[0] + x_0[1] + xx;")}`;
  const text = halved(code, [true]);
  assert.ok(text.includes("let a = p.x + v.x[0] + x_0[1] + xx;"));
  assert.equal(text.split("\n").length, code.split("\n").length + 1, "errors name the lines that they named before");
});

Deno.test("withHalf() leaves functions alone in which something else has the buffer's name", () => {
  const others = [
    "fn finish(i: u32, x: u32) -> u32 { return x + i; }",
    "fn place(i: u32) -> u32 {\n  if (i > 1u) { let x = i / 2u; return x * x; }\n  return i;\n}",
    "fn loop(\n  @builtin(workgroup_id) x: vec3u,\n) { for (var x = 0u; x < 3u; x++) {} }",
  ].join("\n");
  const code = `${others}\n${X}\n${others}\n${main("let v = x[0];")}${others}\n`;
  assert.equal(
    halved(code, [true]),
    `enable f16;\n${others}\n${HALF_X}\n${others}\n${main("let v = vec4f(x[0]);")}${others}\n`,
  );
});

Deno.test("halfFault() names what cannot be rewritten, and withHalf() the kernel and the binding", () => {
  const faults: readonly [string, RegExp][] = [
    ["let p = &x[0];", /takes a pointer to x/],
    ["f(&x);", /takes a pointer to x/],
    ["let n = arrayLength(&x);", /takes a pointer to x/],
    ["x[i] += v;", /changes a part of an element of x/],
    ["x[i].y = 1.0;", /changes a part of an element of x/],
    ["x[i][j] = 1.0;", /changes a part of an element of x/],
    ["x[i].y *= 2.0;", /changes a part of an element of x/],
    ["let y = x;", /uses x otherwise than by an index/],
    ["let a = x[0];\nlet x = 1.0;", /indexes x in a function that has something else of this name/],
    ["for (x[0] = v; i < 2; i++) {}", /stores to x in no statement of its own/],
  ];
  for (const [body, fault] of faults) {
    assert.match(halfFault(`${X}\n${main(body)}`, 0) ?? "none", fault, body);
    assert.throws(() => halved(`${X}\n${main(body)}`, [true]), {
      name: "TypeError",
      message: new RegExp(`kernel k cannot read or write binding 0 as float16: it ${fault.source}`),
    });
  }
  assert.match(halfFault(X.replace("vec4f", "Params") + main(""), 0)!, /declares x as an array of Params/);
  assert.match(halfFault("@group(0) @binding(0) var<storage, read> x: Params;", 0)!, /does not declare it/);
  assert.match(halfFault(X, 1)!, /does not declare it/);
});

Deno.test("halfFault() finds none in comparisons and in the bits of a word", () => {
  const words = "@group(0) @binding(0) var<storage, read> x: array<u32>;\n";
  for (const body of ["let b = x[i] == 1u && x[j] >= 2u;", "let b = m & x[i];", "if (b && x[i] != 0u) {}"]) {
    assert.equal(halfFault(words + main(body), 0), undefined, body);
  }
});

const TEXELS = "@group(0) @binding(2) var texels: texture_storage_2d<rgba32float, read>;";
const READER = (name: string) =>
  `fn ${name}(i: u32) -> vec4f {\n  return textureLoad(texels, vec2u(i & 1023u, i >> 10u));\n}\n`;

Deno.test("withHalf() reads texels from a texture of float16, or from two textures where operands differ", () => {
  const code = `${TEXELS}\n${READER("first_texel")}${READER("second_texel")}`;
  const half = TEXELS.replace("rgba32float", "rgba16float");
  assert.equal(halved(code, [], [true, true]), code.replace(TEXELS, half));
  const both = `${TEXELS}\n${half.replace("binding(2)", "binding(3)").replace("texels:", "half_texels:")}`;
  const swapped = (name: string) => READER(name).replace("textureLoad(texels", "textureLoad(half_texels");
  assert.equal(halved(code, [], [true, false]), `${both}\n${swapped("first_texel")}${READER("second_texel")}`);
  assert.equal(halved(code, [], [false, true]), `${both}\n${READER("first_texel")}${swapped("second_texel")}`);
  assert.throws(() => halved(code, [], [true, false, false]), /kernel k cannot read some of its texels as float16/);
  assert.throws(() => halved(`${TEXELS}\n${READER("first_texel")}`, [], [false, true]), /no function second_texel\(\)/);
});

/** Text as it was and as it must become. */
interface Pair {
  readonly before: string;
  readonly after: string;
}

/** Expressions over two buffers of float16, x and y, and other names, nested in each other's indices. */
const expression: fc.Arbitrary<Pair> = fc.letrec<{ any: Pair }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constantFrom(...["1.0", "p.x", "v.y", "x1", "my_x", "i"].map((text) => ({ before: text, after: text }))),
    fc.tuple(fc.constantFrom("x", "y"), tie("any")).map(([name, index]) => ({
      before: `${name}[${index.before}]`,
      after: `${name === "x" ? "vec4f" : "f32"}(${name}[${index.after}])`,
    })),
    fc.tuple(tie("any"), fc.constantFrom("+", "*", "==", "&&"), tie("any")).map(([a, operator, b]) => ({
      before: `(${a.before} ${operator} ${b.before})`,
      after: `(${a.after} ${operator} ${b.after})`,
    })),
    tie("any").map(({ before, after }) => ({ before: `z[${before}].x`, after: `z[${after}].x` })),
  ),
})).any;

const statement: fc.Arbitrary<Pair> = fc.tuple(fc.constantFrom("x", "y", "z", "let a"), expression, expression).map(
  ([target, index, value]): Pair => {
    if (target === "let a") return { before: `let a = ${value.before};`, after: `let a = ${value.after};` };
    const rounds = new Map([["x", "vec4h"], ["y", "f16"]]).get(target);
    const stored = rounds ? `${rounds}(${value.after})` : value.after;
    return {
      before: `if (b) { ${target}[${index.before}] = ${value.before}; }`,
      after: `if (b) { ${target}[${index.after}] = ${stored}; }`,
    };
  },
);

Deno.test("withHalf() rewrites each use once, however uses are nested", () => {
  fc.assert(fc.property(fc.array(statement, { maxLength: 5 }), (statements) => {
    const body = (of: keyof Pair) => main(statements.map((each) => each[of]).join("\n"));
    assert.equal(
      halved(`${X}\n${Y}\n${body("before")}`, [true, true]),
      `enable f16;\n${HALF_X}\n${HALF_Y}\n${body("after")}`,
    );
  }));
});
