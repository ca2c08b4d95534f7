import { conversationReducer } from '../src/state/conversation.js';
import { noConversation } from '../src/state/conversation-state.js';
import { matchingPeople, mentionable, mentionedIn, mentionParts, mentionsByName } from '../src/state/mentions.js';
import { said } from './entries.js';

const ids = ['bob', 'Cy', 'ann-2', 'dee.'];

test.each([
  ['@bob', ['bob']],
  ['hello @BOB and @cy!', ['bob', 'Cy']],
  ['@bob. And @bob, again', ['bob']],
  ['@dee. is here', ['dee.']],
  ['ask @ann-2- or @ann-2', ['ann-2']],
  ['bob@bob.org @nobody https://x.org/@bob', []],
  ['', []],
])('%j mentions %j', (text, expected) => {
  expect(mentionedIn(text, ids)).toEqual(expected);
});

test('the parts of a text are the text', () => {
  const text = 'Dear @bob., meet @Cy and @eve.';
  const parts = mentionParts(text, ids);
  expect(parts.map((part) => part.text).join('')).toBe(text);
  expect(parts.filter(({ userId }) => userId !== undefined)).toEqual([
    { text: '@bob', userId: 'bob' },
    { text: '@Cy', userId: 'Cy' },
  ]);
});

test('finds people by the start of id, name or a word of the name', () => {
  const people = [
    { id: 'a1', name: 'Cy Bobson' },
    { id: 'b2', name: 'Bob' },
    { id: 'bo3', name: 'Zoe' },
  ];
  expect(matchingPeople(people, 'bo', 8).map(({ id }) => id)).toEqual(['b2', 'bo3', 'a1']);
  expect(matchingPeople(people, '', 2).map(({ id }) => id)).toEqual(['a1', 'b2']);
});

test('looks at no more people than it offers if the first ones fit', () => {
  let looks = 0;
  const people = Array.from({ length: 10_000 }, (_, n) => ({
    name: '',
    get id() {
      looks += 1;
      return `user-${n}`;
    },
  }));
  expect(matchingPeople(people, 'u', 8)).toHaveLength(8);
  expect(looks).toBe(8);
});

test('offers the members of a chat, the last senders first, and neither former members nor oneself', () => {
  const entries = [said(1, 'gone', 'bye'), said(2, 'cy', 'hi'), said(3, 'ann', 'hello')];
  const state = conversationReducer(noConversation('ann', { cy: 'Cy' }), {
    ...{ type: 'entries', entries, place: { log: 'a', seq: 3 } },
  });
  const members = ['ann', 'bob', 'cy'].map((id) => ({ id, name: '' }));
  expect(mentionable(state, members)).toEqual([
    { id: 'cy', name: 'Cy' },
    { id: 'bob', name: 'bob' },
  ]);
});

test.each([
  ['@bob can you drive?', '@Robert can you drive?'],
  ['(@bob). @bob-', '(@Robert). @Robert-'],
  ['@eve and bob@example.org', '@eve and bob@example.org'],
  ['@constructor', '@constructor'],
])('shows %s as %s in a line elsewhere', (text, expected) => {
  expect(mentionsByName(text, { bob: 'Robert' })).toBe(expected);
});
