import { Message } from '@parley/contract';
import { refuse } from '@parley/runtime';
import type { RelayLink } from '../relay/relay-link.js';
import { PostDelivery } from './post-delivery.js';
import type { PostRoute } from './post-route.js';

const message = Message.fromPartial({ clientId: 'c', channelId: 7 });

/** Delivers a post over this route within a deadline. */
function deliver(route: Partial<PostRoute>, withinMs: number) {
  const fixed = { attach: () => 1, notTaken: () => {}, hasMoved: async () => false, keepsHistory: async () => true };
  return new PostDelivery({
    channelId: 7,
    route: { onChange: () => () => {}, ...fixed, ...route } as PostRoute,
    message,
    isAnswered: true,
    deadlineMs: performance.now() + withinMs,
  }).run();
}

/** A chat server that accepts every post. */
const owner = { isOpen: true, ask: async () => ({ ack: { clientId: 'c', seq: 1 } }) } as unknown as RelayLink;

describe('PostDelivery', () => {
  test('repeats a post at once whenever its route has changed, as if for the first time', async () => {
    const changes = 5_000; // With the shortest delay between them, so many attempts would not end in time.
    const tried: number[] = [];
    const listeners = new Set<() => void>();
    const ack = await deliver(
      {
        find: async (tries) => {
          tried.push(tries);
          if (tried.length > changes) return owner;
          setImmediate(() => {
            for (const changed of listeners) changed();
          });
          throw refuse('no-server');
        },
        onChange: (changed) => {
          listeners.add(changed);
          return () => listeners.delete(changed);
        },
      },
      30_000,
    );
    expect(ack).toEqual({ clientId: 'c', seq: 1 });
    expect(tried).toEqual(Array.from({ length: changes + 1 }, () => 0));
    expect(listeners.size).toBe(0);
  });

  test('does not wait for a change that came while an attempt was made', async () => {
    const changes = 5_000;
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
      return () => {};
    };
    expect(await deliver({ find, onChange }, 30_000)).toEqual({ clientId: 'c', seq: 1 });
  });

  test('without a change, repeats a post after growing delays until its deadline', async () => {
    const tried: number[] = [];
    const find = async (tries: number) => {
      tried.push(tries);
      throw refuse('no-server');
    };
    expect((await deliver({ find }, 300)).refusal?.reason).toBe('no-server');
    expect(tried).toEqual(Array.from({ length: tried.length }, (_, at) => at));
    expect(tried.length).toBeLessThan(10);
  });
});
