import type { IncomingMessage } from 'node:http';
import { limits, refuse } from '@parley/runtime';
import { closeWith } from './broken-requests.js';

interface ArrivalLimit {
  readonly withinMs: number;
  readonly timer: NodeJS.Timeout;
}

const arrivals = new WeakMap<IncomingMessage, ArrivalLimit>();

function startTimer(request: IncomingMessage, withinMs: number): void {
  const cut = () => {
    // A request that nobody reads has no event `end`, even if all of it has arrived.
    if (!request.complete) closeWith(request.socket, refuse('request-too-slow'));
  };
  stopTimer(request);
  arrivals.set(request, { withinMs, timer: setTimeout(cut, withinMs).unref() });
}

function stopTimer(request: IncomingMessage): void {
  clearTimeout(arrivals.get(request)?.timer);
}

/**
 * Closes the connection of a request whose body has not arrived within this time. Node has such a
 * limit too, but none that an upload could lift.
 */
export function limitArrival(request: IncomingMessage, withinMs: number): void {
  startTimer(request, withinMs);
  const stop = () => stopTimer(request);
  request.once('end', stop).once('close', stop);
}

/**
 * Waits before the body of a request is read. The time that the client has for its body begins
 * again afterwards, because the client cannot send more than the connection holds meanwhile.
 */
export async function waitUnread<T>(request: IncomingMessage, wait: Promise<T>): Promise<T> {
  stopTimer(request);
  try {
    return await wait;
  } finally {
    const limit = arrivals.get(request);
    if (limit !== undefined && !request.destroyed) startTimer(request, limit.withinMs);
  }
}

/**
 * Lets a request take as long as it needs, if its client never pauses for long. Call it for an
 * upload before its body is read.
 */
export function allowSlowArrival(request: IncomingMessage): void {
  stopTimer(request);
  request.setTimeout(limits.uploadPauseMs);
  request.once('end', () => request.setTimeout(0)); // The response may take longer.
}
