import { createHmac } from 'node:crypto';
import { Kind, MemberChange } from '@parley/contract';
import { Webhook } from 'standardwebhooks';
import type { StoredLogEntry } from '../store/inbox-store.js';
import { eventBody, eventRequest } from './webhook-event.js';

const entry: StoredLogEntry = {
  part: 1,
  channelId: 7,
  seq: 9,
  kind: Kind.UNSPECIFIED,
  senderId: 'ann',
  senderNumber: 3,
  clientId: '00000000-0000-4000-8000-000000000001',
  sentAtMs: Date.parse('2026-01-02T03:04:05.678Z'),
  targetSeq: 0,
  contentType: '',
  data: Buffer.from('日本 "x"'),
  mentions: ['bob'],
  editedAtMs: 0,
  deleted: false,
  fileIds: [],
};
const [secret, oldSecret] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const hook = {
  url: 'https://example.org/hook',
  secret,
  oldSecret: null,
  log: '0a1b2c3d-0000-4000-8000-000000000000',
  channelId: 7,
};
const id = 'outgoing-0011223344556677';

test('the body has the type, the time and the message', () => {
  expect(JSON.parse(eventBody(7, entry))).toMatchObject({
    type: 'message.created',
    timestamp: '2026-01-02T03:04:05.678Z',
    data: {
      channel_id: 7,
      seq: 9,
      sender: 'ann',
      text: '日本 "x"',
      mentions: ['bob'],
      reply_to: null,
      target_seq: null,
    },
  });
  const body = (fields: Partial<StoredLogEntry>) => JSON.parse(eventBody(7, { ...entry, ...fields }));
  expect(body({ targetSeq: 4 }).data).toMatchObject({ reply_to: 4, target_seq: null });
  expect(body({ kind: Kind.EDIT, targetSeq: 4 })).toMatchObject({
    type: 'message.edited',
    data: { reply_to: null, target_seq: 4, text: '日本 "x"' },
  });
  const change = MemberChange.fromPartial({ userId: 'bob', joined: true, by: 'ann' });
  expect(body({ kind: Kind.MEMBER, data: Buffer.from(MemberChange.encode(change).finish()) })).toMatchObject({
    type: 'member.changed',
    data: { member: { user_ids: ['bob'], joined: true, by: 'ann' } },
  });
  expect(body({ deleted: true, data: Buffer.alloc(0) }).data).toMatchObject({ deleted: true, text: null, data: null });
});

test('a request is signed over its id, its time and its body', () => {
  const { headers, body } = eventRequest(id, hook, entry);
  const eventId = `${id}-0a1b2c3d-9`;
  const signed = `${eventId}.${headers['webhook-timestamp']}.${body}`;
  expect(headers).toMatchObject({
    'webhook-id': eventId,
    'webhook-signature': `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`,
    'content-length': body.length,
  });
});

test('after a rotation, a request has both signatures', () => {
  const { headers, body } = eventRequest(id, { ...hook, oldSecret }, entry);
  const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  for (const one of [secret, oldSecret]) {
    const webhook = new Webhook(`whsec_${one.toString('base64')}`);
    expect(webhook.verify(body.toString(), texts)).toMatchObject({ type: 'message.created' });
  }
  const other = new Webhook(Buffer.alloc(32, 3), { format: 'raw' });
  expect(() => other.verify(body.toString(), texts)).toThrow('No matching signature found');
});
