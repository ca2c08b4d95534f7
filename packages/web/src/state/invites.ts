import type { Invite } from '@parley/client';
import { words } from '../words/words.js';
import { dateTime } from './times.js';

const mostUses = 100_000;

/**
 * Returns the limit that a user typed. Returns 0 for no limit, or undefined if the text is not a
 * valid number.
 */
export function maxUsesOf(text: string): number | undefined {
  if (text.trim() === '') return 0;
  const count = Number(text);
  return Number.isInteger(count) && count >= 1 && count <= mostUses ? count : undefined;
}

/** Returns a text with the number of uses and the expiry of an invite link. */
export function inviteWords({ useCount, maxUses, expiresAt, expired }: Invite): string {
  const { used, noLongerWorks, endless, until } = words().chats;
  const end = expiresAt === 0 ? endless : until(dateTime(expiresAt));
  return `${used(useCount, maxUses)} · ${expired ? noLongerWorks : end}`;
}
