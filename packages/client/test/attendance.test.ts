import { Channel } from '@parley/contract';
import { FakeTransport } from './fake-transport.js';
import { Listener, until } from './rig.js';

const user = (n: number) => ({ id: `user-${n}`, name: `User ${n}` });
const named = Array.from({ length: 100 }, (_, n) => user(n));
const largeChannel = { here: 121, channel: Channel.fromPartial({ id: 1, name: 'room', users: named }) };

test('takes the user count of a large channel from the server, not from the users it names', async () => {
  const transport = new FakeTransport();
  const conversation = transport.client().open(1);
  const listener = new Listener(conversation);
  await until(() => transport.streams.length === 1);
  transport.stream.welcome(0, undefined, largeChannel);
  await until(() => listener.of('welcome').length === 1);
  expect(listener.of('welcome')).toMatchObject([{ here: 121 }]);
  expect([conversation.here, conversation.presence.length]).toEqual([121, 100]);
  transport.stream.tell({ presence: { came: [user(200)], went: [], here: 122 } });
  expect([conversation.here, conversation.presence.length]).toEqual([122, 101]);
  transport.stream.tell({ presence: { came: [], went: [user(200), user(1)], here: 120 } });
  expect([conversation.here, conversation.presence.length]).toEqual([120, 99]);
  await conversation.leave();
});
