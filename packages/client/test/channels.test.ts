import { Channel, ChannelStatus } from '@parley/contract';
import { channelTable } from '../src/cli/channels.js';
import { pickChannel } from '../src/cli/session.js';

const channels = [
  { id: 1, name: 'lobby' },
  { id: 2, name: '3' },
  { id: 3, name: 'twin' },
  { id: 4, name: 'twin' },
].map((fields) => Channel.fromPartial(fields));

test.each([
  ['lobby', 1],
  ['3', 3],
  ['2', 2],
])('%s is channel %i', (wanted, id) => {
  expect(pickChannel(channels, wanted).id).toBe(id);
});

test('a name must be exact, and of one channel only', () => {
  expect(() => pickChannel(channels, 'Lobby')).toThrow('there is no channel Lobby');
  expect(() => pickChannel(channels, 'twin')).toThrow('give an id (3, 4)');
});

test('the table says who is inside, in columns', () => {
  const users = [{ id: 'ann' }, { id: 'bob' }];
  const full = Channel.fromPartial({ id: 12, name: 'a\u001b[31mb', limit: 2, users, status: ChannelStatus.SERVING });
  expect(
    channelTable([full, Channel.fromPartial({ id: 3, name: 'lobby', limit: 25, status: ChannelStatus.IDLE })]),
  ).toBe(
    ['id  name   inside  status   who', '12  ab     2/2     serving  ann bob', '3   lobby  0/25    idle', ''].join(
      '\n',
    ),
  );
});
