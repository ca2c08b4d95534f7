import { Channel } from '@parley/contract';
import { FlushQueue } from '@parley/fanout';
import type { Logger } from '@parley/runtime';
import { Channels } from '../core/channels.js';
import { DedupeMemory } from '../core/dedupe-cache.js';
import { Participants } from '../session/participants.js';
import { Drain } from './drain.js';

const rate = { messagesPerSecond: 10, bytesPerSecond: 1_000 };
const memory = new DedupeMemory({ ms: 1_000, storedMs: 1_000, ofSender: 100, ofAll: 1_000 });
const bounds = { ringBytes: 1_000, lossyRingBytes: 100, writeBytes: 200, rate, senderRate: rate, memory };
const log = { info: () => {}, warn: () => {} } as unknown as Logger;

/** Drains a server with channels that have no seats. The heads of the channels in `held` cannot be given back. */
async function drain(held: readonly number[], { count = 2, stopWithinMs = 300 } = {}) {
  const flushQueue = new FlushQueue(setImmediate, () => {});
  const channels = new Channels({ ...bounds, allRingsBytes: 1_000_000 }, flushQueue);
  const opened = Array.from({ length: count }, (_, at) => at + 1).map((id) => {
    const facts = { id, kind: 'group', epoch: 1, log: 'l', hasHistory: true, lastSeq: 0 } as const;
    return channels.open({ facts, settings: { ...Channel.fromPartial({}), revision: 0 } }, 0);
  });
  const told: string[] = [];
  const given: number[] = [];
  for (const channel of opened)
    channel.addFollower({ flush: () => {}, onChannelEnd: (why) => told.push(`${channel.facts.id} ${why}`) });
  channels.watchers.add({ onOpened: () => {}, onClosed: ({ facts }) => told.push(`${facts.id} closed`) });
  const release = async (heads: readonly { readonly channelId: number }[]) => {
    if (heads.some(({ channelId }) => held.includes(channelId))) throw new Error('held');
  };
  const duty = new Drain({
    channels,
    participants: new Participants(),
    heads: { release, ownedHeads: async () => [] },
    appendQueue: { flushed: async () => {} },
    announce: async () => {},
    onGiven: (channels) => given.push(channels),
    stopWithinMs,
    log,
  });
  await duty.stop();
  return { told, given: given.filter((count) => count > 0), left: channels.all().map(({ facts }) => facts.id) };
}

describe('Drain', () => {
  test('closes a channel as soon as it has given it back, so that gateways need not wait for the reconciler', async () => {
    expect(await drain([])).toMatchObject({ told: ['1 draining', '1 closed', '2 draining', '2 closed'], left: [] });
  });

  test('gives channels back a few at a time, also if only gateways use them', async () => {
    expect((await drain([], { count: 30, stopWithinMs: 60_000 })).given).toEqual([10, 10, 10]);
  });

  test('keeps a channel that could not be given back, because this server still owns it', async () => {
    expect(await drain([2])).toMatchObject({ told: ['1 draining', '2 draining'], left: [1, 2] });
  });
});
