// Global norm of the gradients in a slab, in two passes and a fixed order.
//
// First pass (without COMBINE): sums of squares over chunks of the slab. `chunks` holds (start, count) of each; the padding of the slab,
// whose contents are undefined, is in none. A start is a multiple of 4, and chunks do not reach over the end of the slab.
//   SHARED (profile gpu): a workgroup a chunk, tree sum in workgroup memory; partials [chunks].
//   otherwise (profile software): the lanes of a workgroup share a chunk, and each keeps its own sum; partials [chunks * LANES].
// Second pass (COMBINE, always SHARED: one workgroup costs little anywhere): sums the partials to the norm and decides about the update;
// `control` is
//   [0] min(1, most / norm), the factor that clips the norm;  [1] 1 if the norm is Inf or NaN and such steps are to be left out, else 0.
// `limits`: [0] most, the largest norm allowed (Inf for no clipping); [1] 1 to leave steps with a non-finite norm out.
// With SCALED, all gradients come multiplied by loss_scale[0], a power of two: the norm and control[0] take it out again.

{{#if COMBINE}}
@group(0) @binding({{partials}}) var<storage, read> partials: array<f32>;
@group(0) @binding({{limits}}) var<storage, read> limits: array<f32>;
{{#if SCALED}}
@group(0) @binding({{loss_scale}}) var<storage, read> loss_scale: array<f32>;
{{/if}}
@group(0) @binding({{norm}}) var<storage, read_write> norm: array<f32>;
@group(0) @binding({{control}}) var<storage, read_write> control: array<f32>;
@group(0) @binding({{uniforms}}) var<uniform> p: Parameters;

struct Parameters { count: u32 }

fn finish(squares: f32) {
{{#if SCALED}}
  let unscale = 1.0 / loss_scale[0];
  let length = sqrt(squares) * unscale;
{{else}}
  let length = sqrt(squares);
{{/if}}
  let finite = (bitcast<u32>(length) & 0x7f800000u) != 0x7f800000u;
  norm[0] = length;
  control[0] = select(1.0, limits[0] / length, !(length <= limits[0])){{#if SCALED}} * unscale{{/if}};
  control[1] = select(0.0, 1.0, !finite && limits[1] != 0.0);
}
{{else}}
struct Parameters { first: u32, chunks: u32, base: u32 }

@group(0) @binding({{gradients}}) var<storage, read> gradients: array<vec4f>;
@group(0) @binding({{chunks}}) var<storage, read> chunks: array<vec2u>;
@group(0) @binding({{partials}}) var<storage, read_write> partials: array<f32>;
@group(0) @binding({{uniforms}}) var<uniform> p: Parameters;
{{/if}}

override LANES: u32 = 64;
{{#if SHARED}}
var<workgroup> sums: array<f32, LANES>;

fn tree_sum(lane: u32, value: f32) -> f32 {
  sums[lane] = value;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (lane < stride) {
      sums[lane] += sums[lane + stride];
    }
    workgroupBarrier();
  }
  return sums[0];
}
{{/if}}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
{{#if COMBINE}}
  var sum = 0.0;
  for (var i = lane; i < p.count; i += LANES) {
    sum += partials[i];
  }
  let total = tree_sum(lane, sum);
  if (lane == 0u) {
    finish(total);
  }
{{else}}
  let chunk = group.x + group.y * groups.x;
  var sum = vec4f(0.0);
  if (chunk < p.chunks) {
    let place = chunks[p.first + chunk];
    let start = (place.x - p.base) / 4u;
    let whole = place.y / 4u;
    for (var i = lane; i < whole; i += LANES) {
      let g = gradients[start + i];
      sum += g * g;
    }
    let rest = place.y % 4u;
    if (lane == 0u && rest != 0u) {
      // The parameter ends within this vector; what follows is padding, NaN perhaps.
      let g = select(vec4f(0.0), gradients[start + whole], vec4u(0u, 1u, 2u, 3u) < vec4u(rest));
      sum += g * g;
    }
  }
  let squares = (sum.x + sum.y) + (sum.z + sum.w);
{{#if SHARED}}
  let total = tree_sum(lane, squares);
  if (lane == 0u && chunk < p.chunks) {
    partials[p.first + chunk] = total;
  }
{{else}}
  if (chunk < p.chunks) {
    partials[(p.first + chunk) * LANES + lane] = squares;
  }
{{/if}}
{{/if}}
}
