import type { ParleyClient, ReportTarget } from '@parley/client';
import { usage } from './failure.js';
import { findChannel } from './find-channel.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** The options of `report`. */
export interface ReportOptions {
  /**
   * Id or name of the channel of the reported message, or of a channel in which this user met the
   * reported user.
   */
  readonly in?: string;
  /** Seq of the message. */
  readonly message?: number;
  readonly reason: string;
}

/**
 * Returns the target of a report.
 * @throws {Failure} unless the arguments name one user or one message
 */
async function targetOf(
  client: ParleyClient,
  userId: string | undefined,
  { in: wanted, message: seq }: ReportOptions,
): Promise<ReportTarget> {
  if (userId !== undefined && seq === undefined) {
    return { userId, ...(wanted !== undefined && { channelId: (await findChannel(client, wanted)).id }) };
  }
  if (userId !== undefined || wanted === undefined || seq === undefined) {
    throw usage('Give a user, or a message with --in and --message.');
  }
  return { channelId: (await findChannel(client, wanted)).id, seq };
}

/** Reports a user, or a message of a channel, to the operators. */
export async function report(
  session: CommandSession,
  userId: string | undefined,
  options: ReportOptions,
): Promise<void> {
  if (options.reason.trim() === '') throw usage('Say in --reason what is wrong.');
  const client = await session.loggedIn();
  const target = await targetOf(client, userId, options);
  await client.people.report(target, options.reason);
  const what = 'seq' in target ? `message #${target.seq} of channel ${target.channelId}` : terminalLine(target.userId);
  const about = 'seq' in target ? { channel_id: target.channelId, seq: target.seq } : { user_id: target.userId };
  session.print(`Reported ${what} to the operators.`, about);
}
