// Skeleton of the latent kernels that work element by element: item(row, d) for every row and latent dimension.
//
// The family's text gives `item` and uniforms `p` with `p.rows` and `p.width`. Lanes run along the latent axis, which is contiguous.

override LANES: u32 = 64;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.x + group.y * groups.x) * LANES + lane;
  if (index >= p.rows * p.width) {
    return;
  }
  item(index / p.width, index % p.width);
}
