import type { Invite } from '@parley/client';
import { inviteWords, maxUsesOf } from '../src/state/invites.js';
import { inviteOf, invitePlace, placeOf } from '../src/state/place.js';

const invite: Invite = {
  ...{ id: 'a-B_9', channelId: 7, maxUses: 0, useCount: 2, expiresAt: 0 },
  ...{ expired: false, createdAt: 1, createdBy: 'ann' },
};

test('the address of an invite link names it, and nothing else does', () => {
  expect(placeOf(invitePlace('a-B_9'))).toMatchObject({ inviteId: 'a-B_9', channelId: undefined, isNone: false });
  for (const hash of ['#invite-', '#invite-a/b', '#invite-<b>', `#invite-${'a'.repeat(129)}`, '#chat-7'])
    expect(inviteOf(hash)).toBeUndefined();
  expect(placeOf('#invite-<b>').isNone).toBe(true);
});

test.each([
  ['', 0],
  [' 5 ', 5],
  ['100000', 100_000],
  ['100001', undefined],
  ['0', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['many', undefined],
])('reads the limit %j as %j', (text, limit) => expect(maxUsesOf(text)).toBe(limit));

test('says how often a link was used, and until when it works', () => {
  expect(inviteWords(invite)).toBe('used 2 times · no end');
  expect(inviteWords({ ...invite, useCount: 1 })).toBe('used 1 time · no end');
  expect(inviteWords({ ...invite, maxUses: 5 })).toBe('used 2 of 5 times · no end');
  expect(inviteWords({ ...invite, expiresAt: Date.UTC(2030, 0, 15) })).toContain('2030');
  expect(inviteWords({ ...invite, expired: true })).toBe('used 2 times · no longer works');
});
