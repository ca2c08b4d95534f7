import { type Shape, shapes } from './shapes.js';
import { runInTurn, type SuitePlan, type SuiteResult } from './suite.js';
import { startOwnServer } from './targets.js';

const prefix = 'edge-';

/** Shapes that are also played on the fan-out of the gateway. */
export const edgeShapes = ['hot', 'wide', 'giant', 'steady'].map((name) => `${prefix}${name}`);

/**
 * Compares the path from a feed of the gateway to its WebSockets (`ours`) with plain TCP and with
 * `ws`.
 */
export function benchEdge(name: string, plan: SuitePlan): Promise<SuiteResult> {
  const shape = shapes[name.slice(prefix.length)] as Shape;
  const starts = new Map([
    ['tcp', () => startOwnServer('tcp')],
    ['ours', () => startOwnServer('edge')],
    ['ws', () => startOwnServer('ws')],
  ]);
  const description = `${shape.description}; ours: the gateway, from its feed to its WebSockets`;
  return runInTurn(name, { ...shape, description }, starts, plan);
}
