import type { ParleyClient } from '@parley/client';
import { Channel, ChannelKind } from '@parley/contract';
import { channelTable } from '../src/channels.js';
import { findChannel, findOnly, pickChannel, pickOnly } from '../src/find-channel.js';

const channel = (id: number, name: string, ownerId = 'bob') =>
  Channel.fromPartial({ id, name, ownerId, userCount: id });

test('finds the only channel with a name, ignoring case', () => {
  expect(pickChannel({ mine: [], others: [channel(4, 'Lobby')] }, 'lobby')).toMatchObject({
    channel: { id: 4 },
    note: undefined,
  });
  expect(() => pickChannel({ mine: [], others: [] }, 'lobby')).toThrow(/^There is no channel lobby\.$/);
  const similar = ['news', 'lobby'];
  expect(() => pickChannel({ mine: [], others: [], similar }, 'loby')).toThrow(
    'There is no channel loby. Did you mean lobby?',
  );
});

test("prefers the exact name, then the user's own channel, then the most active one, and lists the others", () => {
  const others = [channel(9, 'twin'), channel(8, 'twin'), channel(7, 'Twin')];
  expect(pickChannel({ mine: [], others }, 'Twin').channel.id).toBe(7);
  expect(pickChannel({ mine: [], others }, 'twin')).toMatchObject({
    channel: { id: 9 },
    note: 'several channels are called twin; this is channel 9, the most active one, of bob; the others are 8 (owner bob, 8 inside), 7 (owner bob, 7 inside)',
  });
  expect(pickChannel({ mine: [channel(3, 'twin', 'me')], others }, 'twin')).toMatchObject({
    channel: { id: 3 },
    note: expect.stringContaining('this is channel 3, which you own or belong to; the others are 9 (owner bob'),
  });
});

test('refuses an ambiguous name for an action that cannot be undone', () => {
  const others = [channel(2, 'lobby'), channel(0, 'lobby')];
  expect(() => pickOnly({ mine: [], others }, 'lobby')).toThrow(
    'Several channels are called lobby: 2 (owner bob, 2 inside), 0 (owner bob, 0 inside). Give the id.',
  );
  expect(pickOnly({ mine: [], others: [channel(4, 'Lobby')] }, 'lobby').id).toBe(4);
});

test.each([findChannel, findOnly])('%p refuses an empty name, even if only one channel is listed', async (find) => {
  const only = channel(4, 'lobby');
  const listChannels = async () => ({ channels: [only], ids: [only.id] });
  const client = { listChannels } as unknown as ParleyClient;
  for (const empty of ['', ' '])
    await expect(find(client, empty)).rejects.toThrow('Give the id or the name of a channel.');
});

test('shows each channel and the people in it as a table', () => {
  const users = [{ id: 'ann' }, { id: 'bob' }];
  const room = { kind: ChannelKind.ROOM, ownerId: 'ann', limit: 2, userCount: 2 };
  const full = Channel.fromPartial({ ...room, id: 12, name: 'a\u001b[31mb', users, retention: { seconds: 604_800 } });
  const chat = Channel.fromPartial({
    id: 3,
    name: 'news',
    kind: ChannelKind.PUBLIC,
    ownerId: 'cy',
    userCount: 140,
    users,
  });
  expect(
    channelTable([
      full,
      { ...chat, retention: { everything: true, maxCount: 50 } },
      { ...chat, userCount: 0, users: [] },
    ]),
  ).toBe(
    [
      'id  name  kind    history                       owner  people  inside',
      '12  ab    room    7d                            ann    2/2     ann bob',
      '3   news  public  forever, at most 50 messages  cy     140     ann bob and 138 more',
      '3   news  public  off                           cy     0',
      '',
    ].join('\n'),
  );
});
