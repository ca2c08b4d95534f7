import { type Ack, Message } from '@parley/contract';
import { refuse } from '@parley/runtime';
import type { RelayLink } from '../relay/relay-link.js';
import { PostDelivery } from './post-delivery.js';
import type { PostRoute } from './post-route.js';

const { jest } = import.meta;
const message = Message.fromPartial({ clientId: 'c', channelId: 7 });
const withinMs = 15_000;
const changes = 50;

/** Time stands still, so a post that waits for its delay is never repeated. */
beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] }));
afterEach(() => jest.useRealTimers());

/** Delivers a post over this route. */
function deliver(route: Partial<PostRoute>): Promise<Partial<Ack>> {
  const fixed = { attach: () => 1, notTaken: () => {}, hasMoved: async () => false, keepsHistory: async () => true };
  return new PostDelivery({
    channelId: 7,
    route: { onChange: () => () => {}, ...fixed, ...route } as PostRoute,
    message,
    isAnswered: true,
    origin: undefined,
    deadlineMs: performance.now() + withinMs,
  }).run();
}

/** Returns the ack, or undefined if it does not come within many turns of the event loop. */
async function soon(ack: Promise<Partial<Ack>>): Promise<Partial<Ack> | undefined> {
  const turns = async () => {
    for (let turn = 0; turn < 20 * changes; turn++) await new Promise((resolve) => setImmediate(resolve));
    return undefined;
  };
  return Promise.race([ack, turns()]);
}

/** A chat server that accepts every post. */
const owner = { isOpen: true, ask: async () => ({ ack: { clientId: 'c', seq: 1 } }) } as unknown as RelayLink;

describe('PostDelivery', () => {
  test('repeats a post at once whenever its route has changed, as if for the first time', async () => {
    const tried: number[] = [];
    const listeners = new Set<() => void>();
    const find = async (tries: number) => {
      tried.push(tries);
      if (tried.length > changes) return owner;
      setImmediate(() => {
        for (const changed of listeners) changed();
      });
      throw refuse('no-server');
    };
    const onChange = (changed: () => void) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    };
    expect(await soon(deliver({ find, onChange }))).toEqual({ clientId: 'c', seq: 1 });
    expect(tried).toEqual(Array.from({ length: changes + 1 }, () => 0));
    expect(listeners.size).toBe(0);
  });

  test('does not wait for a change that came while an attempt was made', async () => {
    let attempts = 0;
    let changed = () => {};
    const find = async () => {
      attempts += 1;
      changed();
      if (attempts > changes) return owner;
      throw refuse('no-server');
    };
    const onChange = (listener: () => void) => {
      changed = listener;
      setImmediate(listener); // The first attempt comes before the watch.
      return () => {};
    };
    expect(await soon(deliver({ find, onChange }))).toEqual({ clientId: 'c', seq: 1 });
  });

  test('without a change, repeats a post after growing delays until its deadline', async () => {
    const tried: number[] = [];
    const find = async (tries: number) => {
      tried.push(tries);
      throw refuse('no-server');
    };
    const ack = deliver({ find });
    await jest.advanceTimersByTimeAsync(withinMs);
    expect((await ack).refusal?.reason).toBe('no-server');
    expect(tried).toEqual(Array.from({ length: tried.length }, (_, at) => at));
    expect(tried.length).toBeGreaterThan(10);
    expect(tried.length).toBeLessThan(50);
  });
});
