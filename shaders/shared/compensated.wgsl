// Sums that keep what rounding takes from them (Neumaier 1974, with Knuth's exact sum of two numbers).
//
// They expect the alias Value (f32 or vec4f), the alias Bits (u32 or vec4u) and `p.zero`, a zero in the kernel's uniforms: compilers
// take (a + b) - a for b, as Mesa's does, unless they cannot see through it.

struct Sum {
  total: Value,
  rest: Value,
}

// The same value, of which the compiler does not know where it comes from.
fn opaque(value: Value) -> Value {
  return bitcast<Value>(bitcast<Bits>(value) ^ Bits(p.zero));
}

fn added(sum: Sum, value: Value) -> Sum {
  let total = opaque(sum.total + value);
  let part = opaque(total - sum.total);
  return Sum(total, sum.rest + ((sum.total - (total - part)) + (value - part)));
}

fn joined(a: Sum, b: Sum) -> Sum {
  let sum = added(a, b.total);
  return Sum(sum.total, sum.rest + b.rest);
}

// The sum as one number. Where the total is infinite, the rest is NaN and has nothing to say.
fn value_of(sum: Sum) -> Value {
  return sum.total + select(Value(0.0), sum.rest, sum.rest == sum.rest);
}
