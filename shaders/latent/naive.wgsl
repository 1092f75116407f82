// What the latent kernels are about, one sample per invocation: the MMVM regularizer of the posteriors
// q_m = N(mu_m, e^logvar_m) of all views,
//
//   kl[n] = sum over m of (alpha KL(q_m || N(0, I)) + (1 - alpha) / M sum over k of KL(q_m || q_k))
//
// where KL(N(a, e^u) || N(b, e^v)) = 1/2 sum over d of (v - u - 1 + (e^u + (a - b)^2) e^-v).
//
// Operands: mu, logvar [views, samples, width]; kl [samples]. Documentation, and an oracle for tests.

fn divergence(a: f32, u: f32, b: f32, v: f32) -> f32 {
  return 0.5 * (v - u - 1.0 + (exp(u) + (a - b) * (a - b)) * exp(-v));
}

fn kernel(group: u32, lane: u32) {
  let n = group * LANES + lane;
  if (n >= p.samples) {
    return;
  }
  var kl = 0.0;
  for (var m = 0u; m < p.views; m++) {
    for (var d = 0u; d < p.width; d++) {
      let i = (m * p.samples + n) * p.width + d;
      kl += p.alpha * divergence(mu_at(i), logvar_at(i), 0.0, 0.0);
      for (var k = 0u; k < p.views; k++) {
        let j = (k * p.samples + n) * p.width + d;
        kl += (1.0 - p.alpha) / f32(p.views) * divergence(mu_at(i), logvar_at(i), mu_at(j), logvar_at(j));
      }
    }
  }
  kl_put(n, kl);
}
