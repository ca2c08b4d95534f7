import { RelayAuthors, type RelayAuthorsDeps } from './authors.js';
import type { Handle } from './handle.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('reads the usage of a sender while the channel loads', async () => {
  const asked: string[] = [];
  const deps = {
    channels: { find: () => undefined },
    channelLoader: {
      find: () => {
        asked.push('channel');
        return new Promise(() => {});
      },
    },
    heads: { rights: () => new Promise(() => {}) },
    handleStore: {
      usage: async ([userId]: readonly string[]) => {
        asked.push(`usage of ${userId}`);
        return new Map();
      },
    },
    session: {},
  } as unknown as RelayAuthorsDeps;
  const handle = { person: { id: 'ann' } } as Handle;
  new RelayAuthors(deps).with(7, handle, { use: () => {}, refused: () => {} });
  await turn();
  expect(asked).toEqual(['channel', 'usage of ann']);
});
