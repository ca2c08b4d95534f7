import { Kind } from '@parley/contract';
import { type Refusal, refuse } from '@parley/runtime';
import type { Target } from '../store/messages.js';

/** Who wants to change what was said. */
export interface Changer {
  readonly userId: string;
  /** The owner or an administrator of the channel. */
  readonly isHost: boolean;
}

/** Why somebody may not do this to what was said; undefined where they may. */
export function mayDo(kind: Kind, target: Target | undefined, { userId, isHost }: Changer): Refusal | undefined {
  if (target === undefined) return refuse('message-not-found');
  const isMine = target.sender_id === userId;
  if (target.deleted && (kind !== Kind.DELETE || !(isMine || isHost))) return refuse('message-not-found');
  if (kind === Kind.EDIT) return isMine ? undefined : refuse('not-your-message');
  if (kind === Kind.DELETE) return isMine || isHost ? undefined : refuse('not-your-message');
  if (kind === Kind.PIN || kind === Kind.UNPIN) return isHost ? undefined : refuse('not-owner');
  return undefined;
}
