import { dateAndClock, entryLine } from './entry-lines.js';
import { findChannel } from './find-channel.js';
import { entryValue } from './json-view.js';
import { UserNames } from './names.js';
import type { CommandSession } from './session.js';

/** The options of `history`. */
export interface HistoryOptions {
  readonly before?: number;
  readonly size: number;
}

/** Prints the last messages of a channel, or those before a seq, oldest first. */
export async function showHistory(session: CommandSession, wanted: string, options: HistoryOptions): Promise<void> {
  const client = await session.loggedIn();
  const { id } = await findChannel(client, wanted);
  const { entries, more, log } = await client.history(id, options);
  const oldestFirst = entries.toSorted((a, b) => a.seq - b.seq);
  const names = new UserNames((userId) => client.user(userId));
  await names.learn(oldestFirst);
  const lines = oldestFirst.map((entry) => entryLine(entry, names.label, dateAndClock));
  if (more) lines.unshift(`* for earlier messages: --before ${oldestFirst[0]?.seq}`);
  const words = lines.length === 0 ? 'This channel has no stored messages.' : lines.join('\n');
  session.print(words, { log, more, entries: oldestFirst.map((entry) => entryValue(entry, names.of)) });
}
