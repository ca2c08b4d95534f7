import type { IncomingMessage } from 'node:http';
import { CallContext, requestIdKey, runInCall, traceparentKey } from '@parley/runtime';

const contexts = new WeakMap<IncomingMessage, CallContext>();

/** Returns the context of a request, with the id that its client has given if it is valid. */
export function contextOf(request: IncomingMessage): CallContext {
  const { [requestIdKey]: requestId, [traceparentKey]: traceparent } = request.headers;
  const context = contexts.get(request) ?? new CallContext({ requestId, traceparent });
  contexts.set(request, context);
  return context;
}

/** Returns the id of a request. */
export function requestIdOf(request: IncomingMessage): string {
  return contextOf(request).id;
}

/** Serves a request for its own call, which ends when `ending` closes. */
export function serveInCall<T>(
  request: IncomingMessage,
  ending: { once(event: 'close', listener: () => void): unknown },
  serve: () => T,
): T {
  const context = contextOf(request);
  ending.once('close', () => context.end());
  return runInCall(context, serve);
}
