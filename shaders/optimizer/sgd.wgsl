// Stochastic gradient descent with momentum for all parameters of a slab at once:
//
//   g = scale gradient + l2 parameter
//   velocity = momentum velocity + g
//   parameter -= decay parameter + rate u                 u = velocity, or g + momentum velocity if NESTEROV
//
// Layouts: parameters, velocity and gradients are slabs of one layout, flat vectors of 4; the first two are updated in place. What lies
// in the padding between parameters is updated too and means nothing. `hyper` changes every step: [0] rate, [1] momentum, [2] l2,
// [3] decay = rate * (decoupled weight decay). `control` comes from gradient_norm.wgsl: [0] scale, [1] not 0 if this step is to be left
// out: then nothing changes.

struct Parameters { vectors: u32 }

@group(0) @binding({{parameters}}) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding({{velocity}}) var<storage, read_write> velocity: array<vec4f>;
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
  let g = control[0] * gradients[i] + hyper[2] * old;
  let new_velocity = hyper[1] * velocity[i] + g;
  velocity[i] = new_velocity;
{{#if NESTEROV}}
  let direction = g + hyper[1] * new_velocity;
{{else}}
  let direction = new_velocity;
{{/if}}
  parameters[i] = old - (hyper[3] * old + hyper[0] * direction);
}
