import type { ParleyClient } from '@parley/client';
import type { Channel } from '@parley/contract';
import { Refusal, refuse } from '@parley/runtime';
import { usage } from './failure.js';
import { output } from './output.js';
import { terminalLine } from './plain-text.js';

/** A channel by its id; undefined where the words are no id, or of no channel that the user may see. */
async function byId(client: ParleyClient, wanted: string): Promise<Channel | undefined> {
  if (!/^[1-9]\d{0,9}$/.test(wanted)) return undefined;
  return client.channel(Number(wanted)).catch((thrown: unknown) => {
    const none = thrown instanceof Refusal && ['channel-not-found', 'invalid-channel-id'].includes(thrown.reason);
    if (!none) throw thrown;
    return undefined;
  });
}

/** The channels of a name that a person may mean. */
export interface Namesakes {
  readonly mine: readonly Channel[];
  /** The most active first. */
  readonly others: readonly Channel[];
}

async function named(client: ParleyClient, name: string): Promise<Namesakes> {
  const ask = async (mine: boolean) => {
    const { channels, ids } = await client.listChannels({ mine, name });
    return ids.flatMap((id) => channels.find((one) => one.id === id) ?? []);
  };
  const [mine, listed] = await Promise.all([ask(true), ask(false)]);
  return { mine, others: listed.filter(({ id }) => mine.every((own) => own.id !== id)) };
}

function naming({ id, ownerId, userCount }: Channel): string {
  return `${id} of ${terminalLine(ownerId)} with ${userCount} inside`;
}

/** The channels that the words may mean, best match first. Throws a Refusal where there is none. */
function candidates({ mine, others }: Namesakes, wanted: string): readonly [Channel, ...Channel[]] {
  const exact = (channels: readonly Channel[]) => channels.filter(({ name }) => name === wanted);
  const [first, ...rest] = [...new Set([...exact(mine), ...exact(others), ...mine, ...others])];
  if (first === undefined) throw refuse('channel-not-found', { words: `there is no channel ${terminalLine(wanted)}` });
  return [first, ...rest];
}

/** Of several, the user's own one, else the most active one; `told` is what to say about the others. Throws a Refusal where there is none. */
export function pickChannel(namesakes: Namesakes, wanted: string): { channel: Channel; told: string | undefined } {
  const [channel, ...rest] = candidates(namesakes, wanted);
  if (rest.length === 0) return { channel, told: undefined };
  const why = namesakes.mine.includes(channel) ? 'yours' : `of ${terminalLine(channel.ownerId)}, the most active one`;
  const told = `several channels are called ${terminalLine(wanted)}: this is channel ${channel.id}, ${why}; others are ${rest.slice(0, 5).map(naming).join(', ')}`;
  return { channel, told };
}

/** The channel that a person means to read: its id, or its name. Throws a Refusal. */
export async function findChannel(client: ParleyClient, wanted: string): Promise<Channel> {
  const found = await byId(client, wanted);
  if (found !== undefined) return found;
  const { channel, told } = pickChannel(await named(client, wanted), wanted);
  if (told !== undefined) output.complain(`* ${told}`);
  return channel;
}

/** The one channel that the words can mean. Throws a usage error that lists them where there are several. */
export function pickOnly(namesakes: Namesakes, wanted: string): Channel {
  const [channel, ...rest] = candidates(namesakes, wanted);
  if (rest.length === 0) return channel;
  const listed = [channel, ...rest]
    .slice(0, 6)
    .map(({ id, ownerId, userCount }) => `${id} (of ${terminalLine(ownerId)}, ${userCount || 'nobody'} inside)`);
  throw usage(`several channels are called ${terminalLine(wanted)}: ${listed.join(', ')}. Give the id.`);
}

/** The only channel that a person can mean, for what cannot be undone. Throws a Refusal or a Failure. */
export async function findOnly(client: ParleyClient, wanted: string): Promise<Channel> {
  const found = await byId(client, wanted);
  if (found !== undefined) return found;
  return pickOnly(await named(client, wanted), wanted);
}
