import type { ParleyClient } from '@parley/client';
import type { Channel } from '@parley/contract';
import { didYouMean, Refusal, refuse } from '@parley/runtime';
import { usage } from './failure.js';
import { output } from './output.js';
import { terminalLine } from './plain-text.js';

/**
 * Finds a channel by its id. Returns undefined if the text is not an id or the user may not see the
 * channel.
 */
async function byId(client: ParleyClient, wanted: string): Promise<Channel | undefined> {
  if (!/^[1-9]\d{0,9}$/.test(wanted)) return undefined;
  return client.channel(Number(wanted)).catch((thrown: unknown) => {
    const none = thrown instanceof Refusal && ['channel-not-found', 'invalid-channel-id'].includes(thrown.reason);
    if (!none) throw thrown;
    return undefined;
  });
}

/** Channels that share a name. */
export interface Namesakes {
  /** The user's own channels. */
  readonly mine: readonly Channel[];
  /** Other channels, the most active first. */
  readonly others: readonly Channel[];
  /** Names that the user may have meant. Only set if no channel has the name. */
  readonly similar?: readonly string[];
}

/**
 * Finds the channels with a name. @throws {Failure} if the name is empty, because the server would
 * then list all channels
 */
async function named(client: ParleyClient, name: string): Promise<Namesakes> {
  if (name.trim() === '') throw usage('Give the id or the name of a channel.');
  const ask = async (mine: boolean) => {
    const { channels, ids } = await client.listChannels({ mine, name });
    return ids.flatMap((id) => channels.find((one) => one.id === id) ?? []);
  };
  const [mine, listed] = await Promise.all([ask(true), ask(false)]);
  const namesakes = { mine, others: listed.filter(({ id }) => mine.every((own) => own.id !== id)) };
  return mine.length + listed.length > 0 ? namesakes : { ...namesakes, similar: await listedNames(client) };
}

/** Returns the names on the first pages of the lists. */
async function listedNames(client: ParleyClient): Promise<string[]> {
  const pages = await Promise.all([client.listChannels({ mine: true }), client.listChannels({ mine: false })]);
  return pages.flatMap(({ channels }) => channels.map(({ name }) => name)).filter((name) => name !== '');
}

/**
 * Returns a note that lists up to five other channels with the same name, the user's own first, and
 * says how to choose one. Returns undefined if there are none. `self` is the beginning of a
 * command.
 */
export async function namesakeNote(client: ParleyClient, { id, name }: Channel, self: string) {
  const { mine, others } = await named(client, name);
  const listed = [...mine, ...others].filter((one) => one.id !== id).slice(0, 5);
  if (listed.length === 0) return undefined;
  const has = listed.length === 1 ? 'another channel has' : 'other channels have';
  const ids = `Use an id to choose one, such as \`${self} chat ${id}\` for this one.`;
  return `${has} this name too: ${listed.map(summaryOf).join(', ')}. ${ids}`;
}

function summaryOf({ id, ownerId, userCount }: Channel): string {
  return `${id} (owner ${terminalLine(ownerId)}, ${userCount} inside)`;
}

/**
 * Returns the channels that the user may mean, the best match first.
 * @throws {Refusal} `channel-not-found`
 */
function candidates({ mine, others, similar = [] }: Namesakes, wanted: string): readonly [Channel, ...Channel[]] {
  const exact = (channels: readonly Channel[]) => channels.filter(({ name }) => name === wanted);
  const [first, ...rest] = [...new Set([...exact(mine), ...exact(others), ...mine, ...others])];
  if (first === undefined) {
    const words = `There is no channel ${terminalLine(wanted)}.${terminalLine(didYouMean(wanted, similar))}`;
    throw refuse('channel-not-found', { message: words });
  }
  return [first, ...rest];
}

/**
 * Picks one of the channels with a name: the user's own one, or else the most active one. `note` is
 * a text about the others, if there are any.
 * @throws {Refusal} `channel-not-found`
 */
export function pickChannel(namesakes: Namesakes, wanted: string): { channel: Channel; note: string | undefined } {
  const [channel, ...rest] = candidates(namesakes, wanted);
  if (rest.length === 0) return { channel, note: undefined };
  const why = namesakes.mine.includes(channel)
    ? 'which you own or belong to'
    : `the most active one, of ${terminalLine(channel.ownerId)}`;
  const note = `several channels are called ${terminalLine(wanted)}; this is channel ${channel.id}, ${why}; the others are ${rest.slice(0, 5).map(summaryOf).join(', ')}`;
  return { channel, note };
}

/**
 * Finds a channel to read, by its id or name, and prints a note if the name is ambiguous.
 * @throws {Refusal} `channel-not-found`
 */
export async function findChannel(client: ParleyClient, wanted: string): Promise<Channel> {
  const found = await byId(client, wanted);
  if (found !== undefined) return found;
  const { channel, note } = pickChannel(await named(client, wanted), wanted);
  if (note !== undefined) output.complain(`* ${note}`);
  return channel;
}

/**
 * Picks the only channel with the name.
 * @throws {Refusal} `channel-not-found`
 * @throws {Failure} if there are several; the message lists them
 */
export function pickOnly(namesakes: Namesakes, wanted: string): Channel {
  const [channel, ...rest] = candidates(namesakes, wanted);
  if (rest.length === 0) return channel;
  const listed = [channel, ...rest]
    .slice(0, 6)
    .map(({ id, ownerId, userCount }) => `${id} (owner ${terminalLine(ownerId)}, ${userCount} inside)`);
  throw usage(`Several channels are called ${terminalLine(wanted)}: ${listed.join(', ')}. Give the id.`);
}

/**
 * Finds a channel for an action that needs exactly one: by its id, or by its name if no other
 * channel has it.
 * @throws {Refusal} `channel-not-found` @throws {Failure} if the name is ambiguous
 */
export async function findOnly(client: ParleyClient, wanted: string): Promise<Channel> {
  const found = await byId(client, wanted);
  if (found !== undefined) return found;
  return pickOnly(await named(client, wanted), wanted);
}
