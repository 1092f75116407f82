// Multiply-add throughput in registers: CHAINS independent vec4f chains with 16 steps per round, for `rounds` rounds.
// Independent chains hide latency; the result is stored so that nothing is optimised away.
//
// Operand: y [lanes of all workgroups].

fn kernel(group: u32, lane: u32) {
  let a = vec4f(0.999, 0.998, 0.997, 0.996) - f32(lane) * 1e-6;
//#for C in CHAINS
  var s_C = vec4f(C);
//#end
  for (var round = 0u; round < p.rounds; round++) {
//#for S in 16
//#for C in CHAINS
    s_C = s_C * a + a;
//#end
//#end
  }
  var total = s_0;
//#for C in 1..CHAINS
  total += s_C;
//#end
  y_put(group * LANES + lane, total);
}
