// Global norm of the gradients in a slab, in two passes and a fixed order.
//
// First pass (without COMBINE): sums of squares over chunks of the slab, `chunk_count` of them from number `first` on,
// of a piece of the slab that begins at element `base`. `chunks` holds (start, count) of each; the padding of the slab,
// whose contents are undefined, is in none. A start is a multiple of 4, and chunks do not reach over the end of the
// slab.
//   SHARED (profile gpu): a workgroup a chunk, tree sum in workgroup memory; partials [chunks].
//   otherwise (profile software): the lanes of a workgroup share a chunk, and each keeps its own sum;
//   partials [chunks * LANES].
// Second pass (COMBINE, always SHARED: one workgroup costs little anywhere): sums the partials to the norm and decides
// about the update; `control` is
//   [0] min(1, most / norm), the factor that clips the norm;
//   [1] 1 if the norm is Inf or NaN and such steps are to be skipped, else 0.
// `limits`: [0] most, the largest norm allowed (Inf for no clipping); [1] 1 to skip steps with a non-finite norm. With
// SCALED, all gradients come multiplied by loss_scale[0], a power of two: the norm and control[0] take it out again.

//#if COMBINE

fn finish(squares: f32) {
//#if SCALED
  let unscale = 1.0 / loss_scale_at(0);
  let length = sqrt(squares) * unscale;
//#else
  let length = sqrt(squares);
//#end
  let finite = (bitcast<u32>(length) & 0x7f800000u) != 0x7f800000u;
  norm_put(0, length);
  let clip = select(1.0, limits_at(0) / length, !(length <= limits_at(0)));
//#if SCALED
  control_put(0, clip * unscale);
//#else
  control_put(0, clip);
//#end
  control_put(1, select(0.0, 1.0, !finite && limits_at(1) != 0.0));
}
//#end

//#if SHARED
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
//#end

fn kernel(group: u32, lane: u32) {
//#if COMBINE
  var sum = 0.0;
  for (var i = lane; i < p.count; i += LANES) {
    sum += partials_at(i);
  }
  let total = tree_sum(lane, sum);
  if (lane == 0u) {
    finish(total);
  }
//#else
  var sum = vec4f(0.0);
  if (group < p.chunk_count) {
    let place = chunks_at(p.first + group);
    let start = (place.x - p.base) / 4u;
    let whole = place.y / 4u;
    for (var i = lane; i < whole; i += LANES) {
      let g = gradients_at(start + i);
      sum += g * g;
    }
    let rest = place.y % 4u;
    if (lane == 0u && rest != 0u) {
      // The parameter ends within this vector; what follows is padding, NaN perhaps.
      let g = select(vec4f(0.0), gradients_at(start + whole), vec4u(0u, 1u, 2u, 3u) < vec4u(rest));
      sum += g * g;
    }
  }
  let squares = (sum.x + sum.y) + (sum.z + sum.w);
//#if SHARED
  let total = tree_sum(lane, squares);
  if (lane == 0u && group < p.chunk_count) {
    partials_put(p.first + group, total);
  }
//#else
  if (group < p.chunk_count) {
    partials_put((p.first + group) * LANES + lane, squares);
  }
//#end
//#end
}
