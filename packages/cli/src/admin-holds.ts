import { type PagePick, printPage } from './admin-lists.js';
import { positive } from './command-parts.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** The options of `admin hold`. */
export interface HoldOptions {
  readonly reason: string;
}

const subjectWords = ({ channelId, userId }: { readonly channelId: number; readonly userId: string }) =>
  userId === '' ? `channel ${channelId}` : `user ${terminalLine(userId)}`;

/** Sets a legal hold on a channel or a user. */
export async function hold(
  session: CommandSession,
  what: 'channel' | 'user',
  id: string,
  { reason }: HoldOptions,
): Promise<void> {
  const subject = what === 'channel' ? { channelId: positive(id) } : { userId: id };
  const made = await (await session.administration()).setHold({ ...subject, reason });
  const value = { id: made.id, channel_id: made.channelId, user_id: made.userId, reason: made.reason };
  session.print(`Hold ${made.id} on ${subjectWords(made)} stands.`, value);
}

/** Prints a page of the legal holds that stand, the newest first. */
export async function printHolds(session: CommandSession, { size, after = '' }: PagePick): Promise<void> {
  const { holds, next } = await (await session.administration()).holds({ size, after });
  const listed = holds.map(({ channelId, userId, setBy, setAt, ...one }) => ({
    ...one,
    channel_id: channelId,
    user_id: userId,
    set_by: setBy,
    set_at: setAt,
  }));
  const rows = holds.map((one) => [
    String(one.id),
    subjectWords(one),
    one.setBy,
    new Date(one.setAt).toISOString(),
    one.reason,
  ]);
  printPage(session, ['id', 'on', 'set by', 'since', 'reason'], rows, { holds: listed, next });
}

/** Releases a legal hold. */
export async function endHold(session: CommandSession, id: number): Promise<void> {
  await (await session.administration()).releaseHold(id);
  session.print(`Hold ${id} is released. What only it kept is gone within minutes.`, { id, released: true });
}
