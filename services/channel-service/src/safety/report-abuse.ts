import { type AbuseReport, rulesOf } from '@parley/contract';
import type { Pool, Rate } from '@parley/database';
import { isPrintable, limits, refuse } from '@parley/runtime';
import type { Call, UserCaller } from '@parley/service-kit';
import { type HistoryEntry, readEntries } from '../history/history-store.js';
import { readable } from '../history/readable.js';
import { readUser } from '../members/membership.js';
import { accessOf } from '../members/membership-rules.js';
import { oneChannel } from '../requests/channel-id.js';
import { limitRate } from '../requests/rate-limit.js';
import { addReport } from './report-store.js';

/** The reported user, and a copy of the message if one was reported. */
interface ReportedContent {
  readonly userId: string;
  readonly contentType: string;
  readonly data: Buffer;
}

const reportRate: Rate = { key: 'report', secondsPerCall: 60, burst: 20 };

function checkForm({ userId, channelId, seq, reason }: AbuseReport): void {
  const hasTarget = userId !== '' || seq > 0;
  const fits = [...reason].length <= limits.reportReasonCharacters && isPrintable(reason);
  if (!hasTarget || !fits || (seq > 0 && channelId === 0)) throw refuse('invalid-abuse-report');
}

/** Reads a message that the caller may read and that is not deleted. */
async function readMessage(pool: Pool, { channelId, seq }: AbuseReport, me: UserCaller): Promise<HistoryEntry> {
  const [first, last] = readable(await accessOf(pool, me, channelId));
  const where = { channelIds: [channelId], seqs: [seq], maxEmoji: 0, maxReactors: 0, maxReplies: 0, readerId: me.id };
  const [entry] = seq < first || seq > last ? [] : await readEntries.run(pool, where);
  if (entry === undefined || entry.deleted || rulesOf(entry.kind)?.speech !== true) throw refuse('message-not-found');
  return entry;
}

async function reportedMessage(pool: Pool, asked: AbuseReport, me: UserCaller): Promise<ReportedContent> {
  const { senderId, contentType, data } = await readMessage(pool, asked, me);
  if (asked.userId !== '' && asked.userId.toLowerCase() !== senderId.toLowerCase()) throw refuse('message-not-found');
  return { userId: senderId, contentType, data };
}

/**
 * Finds a user whose profile the caller may see, with whom the caller shares a chat, or whom the
 * caller could see in the channel.
 */
async function reportedUser(pool: Pool, { userId, channelId }: AbuseReport, me: UserCaller): Promise<ReportedContent> {
  if (channelId !== 0) readable(await accessOf(pool, me, channelId));
  const { id, visible, shares, seen } = await readUser(pool, me, userId, channelId || null);
  if (!visible && !shares && !seen) throw refuse('user-not-found');
  return { userId: id, contentType: '', data: Buffer.alloc(0) };
}

/** Handles ReportAbuse. A second report of the same target does nothing while the first is open. */
export function createReportAbuse(pool: Pool) {
  return async (asked: AbuseReport, me: UserCaller, call: Call): Promise<object> => {
    checkForm(asked);
    const { seq, reason } = asked;
    const channelId = asked.channelId === 0 ? 0 : oneChannel({ id: asked.channelId });
    if (channelId !== 0) call.facts.channel = channelId;
    await limitRate(pool, reportRate, me, 'change-too-often');
    const content = await (seq > 0 ? reportedMessage : reportedUser)(pool, asked, me);
    if (content.userId === me.id)
      throw refuse('invalid-abuse-report', { message: 'You cannot report yourself. Choose another user.' });
    const maxOpen = limits.openReportsPerUser;
    const [added] = await addReport.run(pool, { byId: me.id, channelId, seq, reason, ...content, maxOpen });
    if (added?.isLeft !== true) throw refuse('too-many-abuse-reports');
    return {};
  };
}
