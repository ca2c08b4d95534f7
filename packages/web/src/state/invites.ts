import type { Invite } from '@parley/client';
import { fullTime } from './times.js';

const mostUses = 100_000;

/** Returns the link in this page to an invitation. */
export function invitePlace(id: string): string {
  return `#invite-${encodeURIComponent(id)}`;
}

/** Returns the id of the invitation that an address names, if it names one. */
export function inviteOf(hash: string): string | undefined {
  return /^#invite-([\w-]{1,128})$/.exec(hash)?.[1];
}

/** Returns the limit that a user typed, 0 for none, or undefined if it is no valid number. */
export function maxUsesOf(text: string): number | undefined {
  if (text.trim() === '') return 0;
  const count = Number(text);
  return Number.isInteger(count) && count >= 1 && count <= mostUses ? count : undefined;
}

/** Returns how often an invite link was used, and until when it works. */
export function inviteWords({ useCount, maxUses, expiresAt, expired }: Invite): string {
  const times = maxUses === 0 ? `${useCount} ${useCount === 1 ? 'time' : 'times'}` : `${useCount} of ${maxUses} times`;
  const used = `used ${times}`;
  if (expired) return `${used} · no longer works`;
  return `${used} · ${expiresAt === 0 ? 'no end' : `until ${fullTime(expiresAt)}`}`;
}
