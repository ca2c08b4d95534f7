import { refuse, type Sent } from '@parley/client';
import { OutboxSender, type SendMethods } from '../src/live/outbox-sender.js';
import { conversationReducer } from '../src/state/conversation.js';
import { type ConversationState, noConversation, type SharedAction } from '../src/state/conversation-state.js';
import type { Outgoing } from '../src/state/outgoing.js';

let state: ConversationState;
let handed: unknown[][];
let told: SharedAction[];
let answer: { resolve: (sent: Sent) => void; reject: (thrown: Error) => void };
let sender: OutboxSender;

function hand(...what: unknown[]): Promise<Sent> {
  handed.push(what);
  return new Promise((resolve, reject) => {
    answer = { resolve, reject };
  });
}

const methods: SendMethods = {
  send: (...args) => hand('send', ...args),
  edit: (...args) => hand('edit', ...args),
  remove: (...args) => hand('remove', ...args),
  react: (...args) => hand('react', ...args),
  unreact: (...args) => hand('unreact', ...args),
  pin: (...args) => hand('pin', ...args),
  unpin: (...args) => hand('unpin', ...args),
};

function happen(action: SharedAction): void {
  state = conversationReducer(state, action);
  sender.sendPending(state);
}

const queued = (fields: Partial<Outgoing> = {}): SharedAction => ({
  type: 'queued',
  outgoing: { id: 'id-1', at: 1, do: 'say', text: 'hello', target: undefined, failed: undefined, ...fields },
});
const live: SharedAction = { type: 'link', link: { state: 'live' } };
const settled = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  state = noConversation('ann');
  [handed, told] = [[], []];
  sender = new OutboxSender(methods, (action) => {
    told.push(action);
    happen(action);
  });
});

test('sends a message once, with its client id, and only after all missed entries have arrived', async () => {
  happen(queued());
  expect(handed).toEqual([]);
  happen(live);
  happen({ type: 'read', seq: 1 });
  expect(handed).toEqual([['send', 'hello', { clientId: 'id-1' }]]);
  answer.resolve({ seq: 7, timestamp: 9 });
  await settled();
  expect(told).toEqual([{ type: 'taken', id: 'id-1', seq: 7, at: 9 }]);
  expect([state.outgoing, handed.length]).toEqual([[], 1]);
});

test('lets the SDK retry after the connection was lost', () => {
  happen(live);
  happen({ type: 'link', link: { state: 'connecting' } });
  happen(queued({ target: 3 }));
  expect(handed).toEqual([['send', 'hello', { clientId: 'id-1', replyTo: 3 }]]);
});

test('sends a failed message again only if the user asks for it', async () => {
  happen(live);
  happen(queued());
  answer.reject(new Error('no'));
  await settled();
  expect(state.outgoing).toMatchObject([{ failed: 'Something went wrong in this page. Try again.' }]);
  expect(handed).toHaveLength(1);
  happen({ type: 'retried', id: 'id-1', at: 2 });
  expect(handed).toHaveLength(2);
});

test('sends mentions, and leaves them out of the next attempt if a mentioned user is not there', async () => {
  happen(live);
  happen(queued({ mentions: ['bob'] }));
  answer.reject(refuse('mention-not-found'));
  await settled();
  expect(state.outgoing[0]?.failed).toMatch(/^Somebody you mention is not here/);
  happen({ type: 'retried', id: 'id-1', at: 2 });
  expect(handed).toEqual([
    ['send', 'hello', { clientId: 'id-1', mentions: ['bob'] }],
    ['send', 'hello', { clientId: 'id-1' }],
  ]);
});

test('sends nothing once the tab no longer leads', async () => {
  happen(live);
  happen(queued());
  sender.stop();
  answer.reject(new Error('left'));
  await settled();
  happen(queued({ id: 'id-2' }));
  expect([told, handed.length, state.outgoing.length]).toEqual([[], 1, 2]);
});

test.each([
  ['edit', ['edit', 3, 'hello']],
  ['delete', ['remove', 3]],
  ['react', ['react', 3, 'hello']],
  ['unreact', ['unreact', 3, 'hello']],
  ['pin', ['pin', 3]],
  ['unpin', ['unpin', 3]],
] as const)('sends a pending %s', (what, call) => {
  happen(live);
  happen(queued({ do: what, target: 3 }));
  expect(handed).toEqual([call]);
});
