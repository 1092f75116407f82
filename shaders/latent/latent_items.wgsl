// Skeleton of the latent kernels that work element by element: item(row, d) for every row and latent dimension. Another
// file defines `item`. Lanes run along the latent axis, which is contiguous.

fn kernel(group: u32, lane: u32) {
  let index = group * LANES + lane;
  if (index >= p.rows * p.width) {
    return;
  }
  item(index / p.width, index % p.width);
}
