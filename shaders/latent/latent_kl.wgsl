// Normals q = N(mu, e^logvar) against N(0, I), with or without a draw from them (SAMPLE), row by row:
//
//   z = mu + e^(logvar / 2) eps
//   kl[row] = 1/2 sum over d of (mu^2 + e^logvar - 1 - logvar)
//
// Layouts: mu, logvar, eps, z and their gradients are [rows, width]; kl and its gradient are [rows].
// MASKED: mask [rows] of 0 and 1; a row with 0 gives zeros whatever it holds.
// BACKWARD: from the gradients of z (SAMPLE) and kl those of mu and logvar,
//
//   d mu = dz + dkl mu        d logvar = dz eps e^(logvar / 2) / 2 + dkl (e^logvar - 1) / 2

struct Parameters { rows: u32, width: u32, cap: f32, log_cap: f32, root_cap: f32 }

@group(0) @binding({{mu}}) var<storage, read> mu: array<f32>;
@group(0) @binding({{logvar}}) var<storage, read> logvar: array<f32>;
{{#if SAMPLE}}
@group(0) @binding({{eps}}) var<storage, read> eps: array<f32>;
{{/if}}
{{#if MASKED}}
@group(0) @binding({{mask}}) var<storage, read> mask: array<f32>;
{{/if}}
{{#if BACKWARD}}
{{#if SAMPLE}}
@group(0) @binding({{z_gradient}}) var<storage, read> z_gradient: array<f32>;
{{/if}}
@group(0) @binding({{kl_gradient}}) var<storage, read> kl_gradient: array<f32>;
@group(0) @binding({{mu_gradient}}) var<storage, read_write> mu_gradient: array<f32>;
@group(0) @binding({{logvar_gradient}}) var<storage, read_write> logvar_gradient: array<f32>;
{{else}}
{{#if SAMPLE}}
@group(0) @binding({{z}}) var<storage, read_write> z: array<f32>;
{{/if}}
@group(0) @binding({{kl}}) var<storage, read_write> kl: array<f32>;
{{/if}}
@group(0) @binding({{uniforms}}) var<uniform> p: Parameters;

fn present(row: u32) -> bool {
{{#if MASKED}}
  return mask[row] > 0.5;
{{else}}
  return true;
{{/if}}
}

{{#if BACKWARD}}
fn item(row: u32, d: u32) {
  let i = row * p.width + d;
  if (!present(row)) {
    mu_gradient[i] = 0.0;
    logvar_gradient[i] = 0.0;
    return;
  }
  let g = kl_gradient[row];
  var to_mu = g * mu[i];
  var to_logvar = 0.5 * g * exp_minus_one(logvar[i]);
{{#if SAMPLE}}
  to_mu += z_gradient[i];
  to_logvar += 0.5 * z_gradient[i] * eps[i] * capped_exp(0.5 * logvar[i]);
{{/if}}
  mu_gradient[i] = to_mu;
  logvar_gradient[i] = to_logvar;
}
{{else}}
fn term(row: u32, d: u32) -> f32 {
  let i = row * p.width + d;
  if (!present(row)) {
{{#if SAMPLE}}
    z[i] = 0.0;
{{/if}}
    return 0.0;
  }
{{#if SAMPLE}}
  z[i] = mu[i] + capped_exp(0.5 * logvar[i]) * eps[i];
{{/if}}
  return 0.5 * (capped_square(mu[i]) + exp_excess(logvar[i]));
}

fn finish(row: u32, sum: f32) {
  kl[row] = sum;
}
{{/if}}
