import { randomUuid } from '@parley/client';
import { type MessageParts, newOutgoing, type Outgoing } from '../state/outgoing.js';

/** Returns the action that queues a new message or a change, with a new id and the present time. */
export function queued(
  what: Outgoing['do'],
  text: string,
  target: number | undefined,
  parts: MessageParts = {},
): { readonly type: 'queued'; readonly outgoing: Outgoing } {
  const outgoing = newOutgoing({ id: randomUuid(), at: Date.now(), do: what, text, target, ...parts });
  return { type: 'queued', outgoing };
}
