// Gradient of gather, second of its passes: chains the places of equal indices within each block of the list.
//
// A float cannot be added atomically, and should not be: the order would change from run to run. So each block of
// `block` neighbouring indices keeps, for every row of the table, the first of its places with that row, and each place
// the next one; a later pass adds up along the chains. One invocation walks one block, from its end, and is the only one
// that writes the block's heads.
//
// Operands: indices [count]; heads [blocks, rows], zeros before: a place plus one, or zero for none; links [count], the
// same for the next place.

fn kernel(group: u32, lane: u32) {
  let block = group * LANES + lane;
  if (block >= p.blocks) {
    return;
  }
  let first = block * p.block;
  for (var i = min(first + p.block, p.count); i > first; i--) {
    let row = indices_at(i - 1u);
    if (row < p.rows) {
      let head = block * p.rows + row;
      links_put(i - 1u, heads_at(head));
      heads_put(head, i);
    }
  }
}
