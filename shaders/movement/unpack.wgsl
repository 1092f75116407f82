// Unsigned bytes to floats: out[i] = byte[first + i] / 255.
//
// Bindings:
//   0  words  four bytes each, the lowest first
//   1  out    [count]
//   2  p      first, count
// Template: VECTOR, where first and count are multiples of 4.

struct Parameters {
  first: u32,
  count: u32,
}

@group(0) @binding(0) var<storage, read> words: array<u32>;
{{#if VECTOR}}
@group(0) @binding(1) var<storage, read_write> out: array<vec4f>;
{{else}}
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
{{/if}}
@group(0) @binding(2) var<uniform> p: Parameters;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) invocation: u32,
) {
  let job = (group.x + group.y * groups.x) * 64u + invocation;
{{#if VECTOR}}
  if (job >= p.count / 4u) {
    return;
  }
  let bytes = vec4u(words[p.first / 4u + job]) >> vec4u(0u, 8u, 16u, 24u);
  out[job] = vec4f(bytes & vec4u(255u)) / 255.0;
{{else}}
  if (job >= p.count) {
    return;
  }
  let at = p.first + job;
  out[job] = f32((words[at / 4u] >> (at % 4u * 8u)) & 255u) / 255.0;
{{/if}}
}
