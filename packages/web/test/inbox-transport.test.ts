import { type InboxConnection, refuse, type WatchOptions } from '@parley/client';
import { alternating } from '../src/live/inbox-transport.js';

test('keeps a transport while its streams begin, and otherwise uses the next one', () => {
  const used: string[] = [];
  const streams: WatchOptions[] = [];
  const way = (name: string) => (options: WatchOptions) => {
    used.push(name);
    streams.push(options);
    return {} as InboxConnection;
  };
  const watch = alternating([way('socket'), way('web')]);
  const open = () => watch({ onEvent: () => {}, onEnd: () => {} } as unknown as WatchOptions);
  const end = () => streams.at(-1)?.onEnd(refuse('unreachable'));
  open();
  streams.at(-1)?.onEvent({} as never);
  end();
  open();
  end();
  open();
  end();
  open();
  expect(used).toEqual(['socket', 'socket', 'web', 'socket']);
});
