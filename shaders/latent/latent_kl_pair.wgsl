// KL divergence of normals q0 = N(mu0, e^logvar0) from normals q1 = N(mu1, e^logvar1), row by row:
//
//   kl[row] = 1/2 sum over d of (e^r - 1 - r + (mu0 - mu1)^2 e^-logvar1)    with r = logvar0 - logvar1
//
// Layouts: means, log variances and their gradients are [rows, width]; kl and its gradient are [rows].
// BACKWARD: from the gradient of kl those of mu0, logvar0 and logvar1; that of mu1 is minus that of mu0, and a ninth buffer would be
// over WebGPU's default limit.

struct Parameters { rows: u32, width: u32, cap: f32, log_cap: f32, root_cap: f32 }

@group(0) @binding({{mu0}}) var<storage, read> mu0: array<f32>;
@group(0) @binding({{logvar0}}) var<storage, read> logvar0: array<f32>;
@group(0) @binding({{mu1}}) var<storage, read> mu1: array<f32>;
@group(0) @binding({{logvar1}}) var<storage, read> logvar1: array<f32>;
{{#if BACKWARD}}
@group(0) @binding({{kl_gradient}}) var<storage, read> kl_gradient: array<f32>;
@group(0) @binding({{mu0_gradient}}) var<storage, read_write> mu0_gradient: array<f32>;
@group(0) @binding({{logvar0_gradient}}) var<storage, read_write> logvar0_gradient: array<f32>;
@group(0) @binding({{logvar1_gradient}}) var<storage, read_write> logvar1_gradient: array<f32>;
{{else}}
@group(0) @binding({{kl}}) var<storage, read_write> kl: array<f32>;
{{/if}}
@group(0) @binding({{uniforms}}) var<uniform> p: Parameters;

{{#if BACKWARD}}
fn item(row: u32, d: u32) {
  let i = row * p.width + d;
  let g = kl_gradient[row];
  let scale = capped_exp(-0.5 * logvar1[i]);
  let apart = bounded_product(difference(mu0[i], mu1[i]), scale);
  let ratio = exp_minus_one(difference(logvar0[i], logvar1[i]));
  mu0_gradient[i] = g * (apart * scale);
  logvar0_gradient[i] = 0.5 * g * ratio;
  logvar1_gradient[i] = -0.5 * g * (ratio + apart * apart);
}
{{else}}
fn term(row: u32, d: u32) -> f32 {
  let i = row * p.width + d;
  let apart = bounded_product(difference(mu0[i], mu1[i]), capped_exp(-0.5 * logvar1[i]));
  return 0.5 * (exp_excess(difference(logvar0[i], logvar1[i])) + apart * apart);
}

fn finish(row: u32, sum: f32) {
  kl[row] = sum;
}
{{/if}}
