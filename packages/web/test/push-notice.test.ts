import { pushNotice } from '../src/state/push-notice.js';
import { deNotices } from '../src/words/de/notices.js';
import { enNotices } from '../src/words/en/notices.js';

const mention = {
  ...{ kind: 'mention', channelId: 7, seq: 9, channelName: 'team', isDirect: false },
  ...{ byName: 'Bob', text: '' },
};

test.each([
  [{}, { title: 'team', body: 'New message from Bob', href: '#chat-7/9' }],
  [{ text: 'dinner?' }, { title: 'team', body: 'Bob: dinner?' }],
  [{ isDirect: true }, { title: 'Bob', body: 'New message' }],
  [
    { isDirect: true, text: 'dinner?' },
    { title: 'Bob', body: 'dinner?' },
  ],
  [{ byName: '' }, { title: 'team', body: 'New message' }],
  [
    { byName: '', isDirect: true },
    { title: 'Parley', body: 'New message' },
  ],
  [
    { kind: 'added', seq: 0 },
    { title: 'team', body: 'You were added', href: '#chat-7' },
  ],
  [
    { kind: 'invented', seq: 1.5 },
    { body: 'New message from Bob', href: '#chat-7' },
  ],
  [{ channelName: 'a\u202eb\nc', text: 'x\u0000y' }, { title: 'ab c' }],
  [
    { channelName: 7, byName: {}, text: [] },
    { title: 'Parley', body: 'New message' },
  ],
])('the notification for a message of Web Push: %#', (more, expected) => {
  expect(pushNotice({ ...mention, ...more }, enNotices)).toMatchObject({ tag: 'chat-7', ...expected });
});

test.each([undefined, null, 'text', 7, [], {}, { channelId: '7' }, { channelId: -1 }, { channelId: 1.5 }])(
  'a message of an unknown form has a notification too: %j',
  (payload) => {
    const expected = { tag: 'parley', title: 'Parley', body: 'There is something new.', href: '#' };
    expect(pushNotice(payload, enNotices)).toEqual(expected);
  },
);

test('the notification speaks the language of the page', () => {
  expect(pushNotice({ ...mention, kind: 'role' }, deNotices).body).toBe('Deine Rolle hat sich geändert');
});
