import type { IncomingMessage } from 'node:http';
import { limits, refuse } from '@parley/runtime';
import { closeWith } from './broken-requests.js';

const timers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/**
 * Closes the connection of a request whose body has not arrived within this time. Node has such a
 * limit too, but none that an upload could lift.
 */
export function limitArrival(request: IncomingMessage, withinMs: number): void {
  const cut = () => {
    // A request that nobody reads has no event `end`, even if all of it has arrived.
    if (!request.complete) closeWith(request.socket, refuse('request-too-slow'));
  };
  const timer = setTimeout(cut, withinMs).unref();
  timers.set(request, timer);
  const stop = () => clearTimeout(timer);
  request.once('end', stop).once('close', stop);
}

/**
 * Lets a request take as long as it needs, if its client never pauses for long. Call it for an
 * upload before its body is read.
 */
export function allowSlowArrival(request: IncomingMessage): void {
  clearTimeout(timers.get(request));
  request.setTimeout(limits.uploadPauseMs);
  request.once('end', () => request.setTimeout(0)); // The response may take longer.
}
