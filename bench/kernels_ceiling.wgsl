// Multiply-add throughput in registers: CHAINS independent vec4f chains with 16 steps per round, for `rounds` rounds.
// Independent chains hide latency; the result is stored so that nothing is optimised away.

@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(1) var<uniform> rounds: u32;

@compute @workgroup_size({{LANES}})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = group.x * {{LANES}}u + lane;
  let a = vec4f(0.999, 0.998, 0.997, 0.996) - f32(lane) * 1e-6;
{{#for C in CHAINS}}
  var s{{C}} = vec4f({{C}}.0);
{{/for}}
  for (var round = 0u; round < rounds; round++) {
{{#for STEP in 16}}{{#for C in CHAINS}}
    s{{C}} = s{{C}} * a + a;
{{/for}}{{/for}}
  }
  y[i] = {{#for C in CHAINS}}{{#if C}} + {{/if}}s{{C}}{{/for}};
}
