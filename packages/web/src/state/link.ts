import type { Reason } from '@parley/client';
import { endsSession } from './session.js';

/** State of the connection to the channel. */
export type Link =
  | { readonly state: 'connecting' }
  | { readonly state: 'catching-up' }
  | { readonly state: 'live' }
  | { readonly state: 'waiting'; readonly reason: Reason; readonly message: string; readonly untilMs: number }
  | {
      readonly state: 'ended';
      readonly reason: Reason | 'left';
      readonly message: string;
      /** The end of a ban, in Unix ms, if it is known. */
      readonly untilMs?: number;
    };

const final: ReadonlySet<string> = new Set([
  'channel-deleted',
  'channel-not-found',
  'banned',
  'removed',
  'not-a-member',
  'wrong-kind',
  'invalid-channel-id',
]);

/** Returns whether the connection has ended permanently, so that rejoining cannot help. */
export function isOver(link: Link): boolean {
  return link.state === 'ended' && (final.has(link.reason) || endsSession(link.reason));
}
