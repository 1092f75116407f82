// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019) for all parameters of a slab at once:
//
//   g = scale gradient + l2 parameter
//   m = m + (1 - beta1) (g - m)
//   v = v + (1 - beta2) (g^2 - v)
//   parameter -= decay parameter + step m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
//
// Layouts: parameters, m, v and gradients are slabs of one layout, flat vectors of 4; the first three are updated in place. What lies in
// the padding between parameters is updated too and means nothing. `hyper` changes every step, and is computed in float64 on the host where
// float32 would lose digits: [0] step = rate / (1 - beta1^t), [1] 1 - beta1, [2] 1 - beta2, [3] 1 / sqrt(1 - beta2^t), [4] eps, [5] l2,
// [6] decay = rate * (decoupled weight decay). `control` comes from gradient_norm.wgsl: [0] scale, [1] not 0 if this step is to be
// left out: then nothing changes.

struct Parameters { vectors: u32 }

@group(0) @binding({{parameters}}) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding({{m}}) var<storage, read_write> m: array<vec4f>;
@group(0) @binding({{v}}) var<storage, read_write> v: array<vec4f>;
@group(0) @binding({{gradients}}) var<storage, read> gradients: array<vec4f>;
@group(0) @binding({{hyper}}) var<storage, read> hyper: array<f32>;
@group(0) @binding({{control}}) var<storage, read> control: array<f32>;
@group(0) @binding({{uniforms}}) var<uniform> p: Parameters;

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.x + group.y * groups.x) * LANES + lane;
  if (i >= p.vectors) {
    return;
  }
  if (control[1] != 0.0) {
    return;
  }
  let old = parameters[i];
  let g = control[0] * gradients[i] + hyper[5] * old;
  let new_m = m[i] + hyper[1] * (g - m[i]);
  let new_v = v[i] + hyper[2] * (g * g - v[i]);
  m[i] = new_m;
  v[i] = new_v;
  parameters[i] = old - (hyper[6] * old + hyper[0] * new_m / (sqrt(new_v) * hyper[3] + hyper[4]));
}
