import type { FoundMessage, ParleyClient, SearchOptions } from '@parley/client';
import { startOfDay } from './durations.js';
import { dateAndClock, entryLine } from './entry-lines.js';
import { usage } from './failure.js';
import { findChannel } from './find-channel.js';
import { firstOf } from './first-of.js';
import { entryValue } from './json-view.js';
import { UserNames } from './names.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** A search in the form in which the user typed it. */
export interface TypedSearch {
  readonly text: string;
  /** Id or name of a channel. */
  readonly in?: string;
  readonly from?: string;
  readonly before?: string;
  readonly after?: string;
}

const filter = /^(in|from|before|after):(.*)$/is;

/** Splits an argument at its spaces. A filter is not split, because its value may have spaces. */
function wordsOf(argument: string): readonly string[] {
  return filter.test(argument) ? [argument] : (argument.match(/"[^"]*"?|[^\s"]+/g) ?? []);
}

/**
 * Parses the words of a search. Words that begin with `in:`, `from:`, `before:` or `after:` narrow
 * the search; all others are words of the message.
 * @throws {Failure} if a filter is given twice or has no value
 */
export function searchOf(words: readonly string[]): TypedSearch {
  const text: string[] = [];
  const filters: Record<string, string> = {};
  for (const word of words.flatMap(wordsOf)) {
    const [, typed = '', value = ''] = filter.exec(word) ?? [];
    const name = typed.toLowerCase();
    if (name in filters) throw usage(`\`${name}:\` may appear only once.`);
    if (name !== '' && value.trim() === '') throw usage(`\`${name}:\` needs a value, such as in:team or from:bob.`);
    if (name === '') text.push(word);
    else filters[name] = value;
  }
  return { text: text.join(' '), ...filters };
}

async function optionsOf(
  client: ParleyClient,
  { in: where, from, before, after }: TypedSearch,
): Promise<SearchOptions> {
  return {
    ...(where !== undefined && { channelId: (await findChannel(client, where)).id }),
    ...(from !== undefined && { sender: from }),
    ...(before !== undefined && { before: startOfDay(before, 'before:') }),
    ...(after !== undefined && { after: startOfDay(after, 'after:') }),
  };
}

/** Fetches the names of channels that the user may still see. */
async function namesOf(client: ParleyClient, found: readonly FoundMessage[]): Promise<ReadonlyMap<number, string>> {
  const ids = [...new Set(found.map(({ channelId }) => channelId))];
  const channels = await Promise.all(ids.map((id) => client.channel(id).catch(() => undefined)));
  return new Map(channels.flatMap((channel) => (channel?.name ? [[channel.id, channel.name]] : [])));
}

/** Prints the newest messages that match, in the order in which they were sent. */
export async function search(session: CommandSession, words: readonly string[], size: number): Promise<void> {
  const typed = searchOf(words);
  const client = await session.loggedIn();
  const options = { ...(await optionsOf(client, typed)), size };
  const found = (await firstOf(client.search(typed.text, options), size)).reverse();
  const names = new UserNames((userId) => client.user(userId));
  await names.learn(found);
  const channels = await namesOf(client, found);
  const placeOf = (id: number) => terminalLine(channels.get(id) ?? `channel ${id}`);
  const lines = found.map((one) => `[${placeOf(one.channelId)}] ${entryLine(one, names.label, dateAndClock)}`);
  const values = found.map((one) => ({ channel_id: one.channelId, ...entryValue(one, names.of) }));
  session.print(lines.length === 0 ? 'No message matches.' : lines.join('\n'), values);
}
