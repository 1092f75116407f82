/**
 * Reverse-mode automatic differentiation.
 *
 * The graph is walked once in reverse topological order: a node's cotangents are summed over all of its uses before
 * its vjp is built. Only nodes between the parameters and the loss are visited.
 *
 * @module
 */
import { differentiating, inNextPhase } from "./op.ts";
import { add } from "../ops/pointwise.ts";
import { sumTo } from "../ops/reduce.ts";
import { ones, zeros } from "../ops/fill.ts";
import { reshape } from "../ops/view.ts";
import type { Node, Tensor } from "./tensor.ts";
import { formatShape, sameShape } from "./shape.ts";

/**
 * The gradient of a scalar loss with respect to each parameter, as new nodes of the graph.
 *
 * @param options.unused What to do about a parameter that the loss does not depend on: `zero` (default) or `error`.
 * @param options.scale A scalar factor of all gradients, which are computed as those of the scaled loss; see
 * `loss_scale.ts`.
 * @throws {RangeError} if the loss or its scale is not a scalar, or, on request, does not depend on a parameter.
 */
export function gradients(
  loss: Tensor,
  parameters: readonly Tensor[],
  options: { unused?: "zero" | "error"; scale?: Tensor } = {},
): Tensor[] {
  if (loss.size !== 1) throw new RangeError(`gradients() needs a scalar loss, got shape ${formatShape(loss.shape)}`);
  const { scale } = options;
  if (scale && scale.size !== 1) {
    throw new RangeError(`gradients() needs a scalar scale, got shape ${formatShape(scale.shape)}`);
  }
  return inNextPhase(() => {
    const cotangents = backward(loss, { parameters, start: scale ? reshape(scale, loss.shape) : ones(loss.shape) });
    return parameters.map((parameter, i) => {
      const gradient = cotangents.get(parameter);
      if (gradient) return gradient;
      if (options.unused === "error") {
        throw new RangeError(
          `gradients(): the loss does not depend on parameter ${i}, of shape ${formatShape(parameter.shape)}`,
        );
      }
      return zeros(parameter.shape);
    });
  });
}

function backward(
  loss: Tensor,
  { parameters, start }: { parameters: readonly Tensor[]; start: Tensor },
): Map<Tensor, Tensor> {
  const nodes = nodesBetween(loss, new Set(parameters));
  const leading = new Set(nodes);
  const targets = new Set(parameters);
  const cotangents = new Map<Tensor, Tensor>([[loss, start]]);
  // Ids are in topological order, so descending ids visit every consumer before its producers.
  for (const node of nodes.sort((a, b) => b.id - a.id)) {
    const received = node.outputs.map((output) => cotangents.get(output));
    if (!node.op.vjp || received.every((g) => g === undefined)) continue;
    const wanted = node.inputs.map((input) => targets.has(input) || leading.has(input.node));
    const { inputs, outputs, attributes } = node;
    const terms = differentiating(
      node,
      () => node.op.vjp!({ inputs, outputs, cotangents: received, attributes, wanted }),
    );
    node.inputs.forEach((input, i) => {
      const term = terms[i];
      if (!term || !wanted[i]) return;
      const gradient = inShapeOf(input, { term, node });
      const sofar = cotangents.get(input);
      cotangents.set(input, sofar ? add(sofar, gradient) : gradient);
    });
  }
  return cotangents;
}

/** Brings a term of a vjp to the shape of its input: the adjoint of broadcasting is a sum. */
function inShapeOf(input: Tensor, { term, node }: { term: Tensor; node: Node }): Tensor {
  if (sameShape(term.shape, input.shape)) return term;
  if (node.op.pointwise && sameShape(term.shape, node.outputs[0]!.shape)) {
    return differentiating(node, () => sumTo(term, input.shape));
  }
  throw new TypeError(
    `the vjp of ${node.op.name}() gave shape ${formatShape(term.shape)} for an input of shape ` +
      formatShape(input.shape),
  );
}

/** Nodes on a path from a target to the loss. */
function nodesBetween(loss: Tensor, targets: ReadonlySet<Tensor>): Node[] {
  const below = new Map<Node, boolean>();
  const order: Node[] = [];
  const stack: Node[] = [loss.node];
  // Iterative depth-first search: a node is resolved once all of its inputs are.
  while (stack.length) {
    const node = stack.at(-1)!;
    if (below.has(node)) {
      stack.pop();
      continue;
    }
    const open = node.inputs.map((input) => input.node).filter((input) => !below.has(input));
    if (open.length) {
      stack.push(...open);
      continue;
    }
    stack.pop();
    const leads = node.inputs.some((input) => targets.has(input) || below.get(input.node) === true);
    below.set(node, leads);
    if (leads) order.push(node);
  }
  return order;
}
