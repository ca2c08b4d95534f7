import { type ParleyClient, refuse } from '@parley/client';
import { until } from '@parley/testkit';
import { type ChatsOfInbox, PageInbox } from '../src/live/page-inbox.js';
import { inNextTurn } from '../src/live/turns.js';

const open = (kind: 'MessagePort' | 'Timeout') => process.getActiveResourcesInfo().filter((one) => one === kind).length;

test('a callback runs once in the next turn, and leaves no port open', async () => {
  const before = open('MessagePort');
  let runs = 0;
  const runSoon = inNextTurn(() => {
    runs += 1;
  });
  for (const turn of [1, 2]) {
    runSoon();
    runSoon();
    expect(runs).toBe(turn - 1);
    await until(() => runs > turn - 1);
    expect(runs).toBe(turn);
  }
  await until(() => open('MessagePort') === before, 5_000);
});

test('an inbox that stops while it waits for the server leaves no timer', async () => {
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.assign(globalThis, { addEventListener: () => {} });
  const before = open('Timeout');
  const all = () => Promise.reject(refuse('too-busy', { retryAfterMs: 60_000 }));
  const states: string[] = [];
  const chats: Partial<ChatsOfInbox> = {
    share: (action) => void (action.type === 'linked' && states.push(action.link.state)),
  };
  const inbox = new PageInbox({
    client: { chats: { all } } as unknown as ParleyClient,
    chats: chats as ChatsOfInbox,
    onRefused: () => {},
  });
  const stop = new AbortController();
  const running = inbox.run('', stop.signal);
  await until(() => states.includes('waiting'));
  expect(open('Timeout')).toBe(before + 1);
  stop.abort();
  await running;
  expect(open('Timeout')).toBe(before);
});
