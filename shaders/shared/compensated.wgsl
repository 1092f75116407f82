// Compensated summation (Neumaier 1974, with Knuth's exact sum of two numbers).
//
// Needs the aliases Value (f32 or vec4f) and Bits (u32 or vec4u), and the uniform `p.zero`, a zero: compilers, Mesa's
// among them, simplify (a + b) - a to b unless they cannot see through it.

struct Sum {
  total: Value,
  rest: Value,
}

// The same value, whose origin is hidden from the compiler.
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

// The sum as one number. Where the total is infinite, the compensation is NaN and is ignored.
fn value_of(sum: Sum) -> Value {
  return sum.total + select(Value(0.0), sum.rest, sum.rest == sum.rest);
}
