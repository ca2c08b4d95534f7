import { Message } from '@parley/contract';
import { limits } from '@parley/runtime';
import { Trio, until } from '@parley/testkit';

let trio: Trio;
beforeAll(async () => {
  trio = await Trio.start();
});
afterAll(() => trio.stop());

test('a stream limits the rate of frames that are not published, and loses none', async () => {
  const flooder = await trio.people.make('flooder');
  const { id } = await trio.create(flooder, 'flooded');
  const stream = await trio.join(flooder, id);
  const ping = Buffer.from(Message.encode(Message.fromPartial({ ping: { sentAt: 1 } })).finish());
  const count = 3 * limits.streamFramesPerSecond;
  const began = performance.now();
  for (let n = 0; n < count; n++) stream.sendRaw(ping);
  const pongs = () => stream.messages.filter(({ pong }) => pong !== undefined).length;
  await until(() => pongs() >= count);
  expect(pongs()).toBe(count);
  expect(performance.now() - began).toBeGreaterThan(900);
  await stream.leave();
});
