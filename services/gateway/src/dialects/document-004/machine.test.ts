import {
  ChannelKind,
  HistoryResponse,
  InboxEvent,
  InboxWelcome,
  Kind,
  MemberChange,
  MemberRole,
} from '@parley/contract';
import { Document004 } from './machine.js';
import { realtimeRequests } from './room-requests.js';

type Fields = Parameters<typeof InboxEvent.fromPartial>[0];

const room = 7;
const log = 'log-1';
const welcome = InboxWelcome.fromPartial({
  me: { id: 'ann', name: 'Ann' },
  maxBytes: 65_536,
  now: Date.UTC(2026, 0, 1),
  chats: [{ channelId: room, log, seq: 4 }],
});

function loggedIn(): Document004 {
  const machine = new Document004();
  machine.begin(welcome, []);
  return machine;
}

const read = (machine: Document004, frame: string, isBinary = false) => machine.read(Buffer.from(frame), isBinary);
const tell = (fields: Fields, machine = loggedIn()) => machine.tell(InboxEvent.fromPartial(fields));
const parsed = (frames: unknown) => (frames as string[]).map((frame) => JSON.parse(frame));
const text = { channelId: room, seq: 5, sender: 'bob', data: Buffer.from('hi'), contentType: 'text/plain' };

describe('frames of clients', () => {
  test.each([
    ['no JSON', 'hello', 'malformed', 'the message is not JSON'],
    ['an array', '[]', 'malformed', 'the message is not a JSON object'],
    ['null', 'null', 'malformed', 'the message is not a JSON object'],
    ['no type', '{}', 'invalid-request', 'type: '],
    ['a number as a type', '{"type":1}', 'invalid-request', 'type: '],
    ['an unknown type', '{"type":"dance"}', 'invalid-request', 'type: there is no request "dance"'],
    ['a type of the server', '{"type":"welcome"}', 'invalid-request', 'type: there is no request "welcome"'],
    ['a type that every object has', '{"type":"constructor"}', 'invalid-request', 'type: there is no'],
    ['a field twice', '{"type":"rooms","type":"rooms"}', 'malformed', 'a field is there twice'],
    ['a field twice in the payload', '{"type":"read","payload":{"room_id":1,"room_id":2}}', 'malformed', 'twice'],
    ['an unknown field', '{"type":"rooms","x":1}', 'invalid-request', 'Unrecognized key'],
    ['an unknown field in the payload', '{"type":"rooms","payload":{"x":1}}', 'invalid-request', 'Unrecognized key'],
    ['an array as a payload', '{"type":"rooms","payload":[]}', 'invalid-request', 'payload: '],
    ['an object as a ref', '{"type":"rooms","ref":{}}', 'invalid-request', 'ref: '],
    ['a long ref', `{"type":"rooms","ref":"${'x'.repeat(65)}"}`, 'invalid-request', 'ref: '],
    ['a number as a token', '{"type":"auth","payload":{"auth_token":1}}', 'invalid-request', 'auth_token: '],
    ['auth without a token', '{"type":"auth"}', 'invalid-request', 'auth_token: '],
    ['a message without a room', '{"type":"chat_message","payload":{"content":"x"}}', 'invalid-request', 'room_id: '],
    ['a text as a room', '{"type":"read","payload":{"room_id":"1","message_id":1}}', 'invalid-request', 'room_id: '],
    ['message 0', '{"type":"read","payload":{"room_id":1,"message_id":0}}', 'invalid-request', 'message_id: '],
    ['half a message', '{"type":"read","payload":{"room_id":1,"message_id":1.5}}', 'invalid-request', 'message_id: '],
    ['no text', '{"type":"chat_message","payload":{"room_id":1,"content":null}}', 'invalid-request', 'content: '],
    ['101 messages', '{"type":"history","payload":{"room_id":1,"limit":101}}', 'invalid-request', 'limit: '],
    [
      'a role that nobody has',
      '{"type":"set_role","payload":{"room_id":1,"user_id":"b","role":"king"}}',
      'invalid-request',
      'role: ',
    ],
  ])('%s', (_, frame, reason, message) => {
    const [answer] = parsed(read(loggedIn(), frame));
    expect(answer).toMatchObject({ type: 'error', payload: { reason, retry_after_ms: 0 } });
    expect(answer.payload.message).toContain(message);
  });

  test('a binary frame and very deep JSON are refused', () => {
    expect(parsed(read(loggedIn(), '{"type":"rooms"}', true))[0].payload.reason).toBe('malformed');
    const deep = `{"type":"rooms","payload":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`;
    expect(parsed(read(loggedIn(), deep))[0].payload.reason).toBe('invalid-request');
  });

  test('an error repeats the ref of its frame, as soon as the frame could be read', () => {
    expect(parsed(read(loggedIn(), '{"type":"dance","ref":"a1"}'))[0]).toMatchObject({ ref: 'a1' });
    expect(parsed(read(loggedIn(), '{"type":"dance","ref":0}'))[0]).toMatchObject({ ref: 0 });
  });

  test('every request needs a login, which may come with it', () => {
    const machine = new Document004();
    for (const type of realtimeRequests.keys())
      expect(parsed(read(machine, JSON.stringify({ type })))[0].payload.reason).toBe('unauthenticated');
    const payload = { room_id: room, content: 'x' };
    const asked = read(machine, JSON.stringify({ type: 'chat_message', payload: { ...payload, auth_token: 't' } }));
    expect(asked).toMatchObject({ token: 't', payload });
    expect(read(machine, '{"type":"auth","ref":1,"payload":{"auth_token":"t"}}')).toMatchObject({ ref: 1, token: 't' });
  });
});

describe('frames of the server, byte for byte', () => {
  test('the welcome has the fields of the document', () => {
    expect(new Document004().begin(welcome, [])).toEqual([
      '{"type":"welcome","payload":{"user_id":"ann","username":"Ann","max_bytes":65536,"timestamp":"2026-01-01T00:00:00.000Z"}}',
    ]);
  });

  test('a chat_message has the fields of the document: content, message id and room id', () => {
    expect(tell({ message: { ...text, timestamp: Date.UTC(2026, 0, 1), clientId: 'c' } })).toEqual([
      '{"type":"chat_message","payload":{"room_id":7,"message_id":5,"sender_id":"bob","timestamp":"2026-01-01T00:00:00.000Z","messagetype":"text","content":"hi","content_type":"text/plain","client_id":"c"}}',
    ]);
  });

  test.each([
    ['delivered', { deliveredSeq: 5, readSeq: 0 }, ['delivered 5']],
    ['read', { deliveredSeq: 5, readSeq: 5 }, ['read 5']],
    ['both', { deliveredSeq: 5, readSeq: 3 }, ['delivered 5', 'read 3']],
    ['nothing', { deliveredSeq: 0, readSeq: 0 }, []],
  ])('receipts: %s', (_, seqs, expected) => {
    const frames = tell({ message: { channelId: room, receipt: { userId: 'bob', log, ...seqs } } });
    expect(frames).toEqual(
      expected.map((one) => {
        const [type, seq] = one.split(' ');
        return `{"type":"${type}","payload":{"room_id":7,"message_id":${seq},"user_id":"bob"}}`;
      }),
    );
  });

  test('the receipt of another client of the user is shown, and that of this client is not', () => {
    const machine = loggedIn();
    machine.backlog?.acknowledged(room, 3);
    const receipt = (deliveredSeq: number) => ({
      message: { channelId: room, receipt: { userId: 'ann', log, deliveredSeq } },
    });
    expect(tell(receipt(3), machine)).toEqual([]);
    expect(parsed(tell(receipt(4), machine))).toMatchObject([{ type: 'delivered', payload: { message_id: 4 } }]);
  });

  test('the typing and presence of other users are shown', () => {
    expect(tell({ message: { channelId: room, typing: { userId: 'bob' } } })).toEqual([
      '{"type":"typing","payload":{"room_id":7,"user_id":"bob","stopped":false}}',
    ]);
    expect(tell({ message: { channelId: room, typing: { userId: 'ann' } } })).toEqual([]);
    expect(tell({ message: { channelId: room, presence: { came: [{ id: 'bob' }], went: [{ id: 'cy' }] } } })).toEqual([
      '{"type":"presence","payload":{"room_id":7,"online":["bob"],"offline":["cy"]}}',
    ]);
  });

  test.each([
    [Kind.EDIT, '', 'message_edited', { content: '', content_type: 'text/plain', messagetype: 'text' }],
    [Kind.DELETE, '', 'message_deleted', {}],
    [Kind.PIN, '', 'message_pinned', { removed: false }],
    [Kind.UNPIN, '', 'message_pinned', { removed: true }],
    [Kind.REACT, '👍', 'reaction', { emoji: '👍', removed: false }],
    [Kind.UNREACT, '👍', 'reaction', { emoji: '👍', removed: true }],
  ])('changes of messages: kind %i', (kind, data, type, fields) => {
    const message = { ...text, kind, data: Buffer.from(data), targetSeq: 2 };
    expect(parsed(tell({ message }))).toEqual([
      { type, payload: { room_id: room, message_id: 2, user_id: 'bob', ...fields } },
    ]);
  });

  test('each member who joins or leaves has a frame', () => {
    const change = { userId: 'bob', moreUserIds: ['cy'], joined: true, role: MemberRole.MEMBER, by: 'ann' };
    const message = (data: Uint8Array) => ({ ...text, kind: Kind.MEMBER, data });
    const payload = { room_id: room, role: 'member', by: 'ann' };
    expect(parsed(tell({ message: message(MemberChange.encode(change).finish()) }))).toEqual([
      { type: 'member_joined', payload: { ...payload, user_id: 'bob' } },
      { type: 'member_joined', payload: { ...payload, user_id: 'cy' } },
    ]);
    const left = MemberChange.encode({ ...change, moreUserIds: [], joined: false }).finish();
    expect(parsed(tell({ message: message(left) }))[0]).toMatchObject({ type: 'member_left' });
  });

  test('a room that the user gets or loses, or that changes, has a frame', () => {
    const channel = { id: 8, name: 'new', kind: ChannelKind.GROUP, log };
    const [added] = parsed(tell({ added: channel }));
    expect(added).toMatchObject({ type: 'room_added', payload: { room_id: 8, name: 'new', kind: 'group' } });
    expect(parsed(tell({ changed: channel }))[0].type).toBe('room_changed');
    expect(tell({ removed: { id: 8 } })).toEqual(['{"type":"room_removed","payload":{"room_id":8}}']);
    expect(tell({ chatReset: { channelId: 8, log } })).toEqual(['{"type":"room_reset","payload":{"room_id":8}}']);
  });

  test('a drain has a frame, and a ping has none', () => {
    expect(tell({ draining: { endsInMs: 5 } })).toEqual(['{"type":"draining","payload":{"ends_in_ms":5}}']);
    expect(tell({ id: 'x', ping: { sentAt: 1 } })).toEqual([]);
  });
});

test('a client does not get its own messages back, and other clients of the user do', () => {
  const machine = loggedIn();
  machine.sends('c1');
  machine.sends('c2');
  machine.wasRefused('c2');
  const own = (clientId: string, seq: number) => tell({ message: { ...text, seq, sender: 'ann', clientId } }, machine);
  expect(own('c1', 5)).toEqual([]);
  expect(own('c1', 6)).toEqual([]); // for its change
  expect(own('c2', 7)).toHaveLength(1); // Its answer was an error, but it is stored.
  expect(own('c3', 8)).toHaveLength(1);
  expect(tell({ message: { ...text, seq: 9, sender: 'bob', clientId: 'c1' } }, machine)).toHaveLength(1);
});

test('a lossy message has no id, and needs no acknowledgement', () => {
  expect(parsed(tell({ message: { ...text, seq: 0, lossy: true } }))[0].payload.message_id).toBeNull();
});

test('missed messages come as a batch, and a lost part of a room without history is named', () => {
  const machine = loggedIn();
  machine.tell(InboxEvent.fromPartial({ gap: { channelId: room, log, from: 5, to: 6 } }));
  const part = machine.backlog?.next();
  if (part === undefined) throw new Error('nothing to read');
  const messages = [5, 6].map((seq) => ({ ...text, channelId: 0, seq }));
  const { frames } = machine.fill(part, HistoryResponse.fromPartial({ messages, log }));
  expect(parsed(frames)).toMatchObject([
    {
      type: 'missed_messages',
      payload: { room_id: room, more: false, messages: [{ room_id: room, message_id: 5 }, { message_id: 6 }] },
    },
  ]);
  machine.tell(InboxEvent.fromPartial({ gap: { channelId: 9, from: 2, to: 3 } }));
  const other = machine.backlog?.next();
  if (other === undefined) throw new Error('nothing to read');
  expect(machine.fill(other, HistoryResponse.fromPartial({})).frames).toEqual([
    '{"type":"messages_lost","payload":{"room_id":9,"after":1,"until":3}}',
  ]);
});

test('data of any type becomes text or base64, with a type of message', () => {
  const shown = (contentType: string, bytes: Uint8Array, fileIds: string[] = []) =>
    parsed(tell({ message: { ...text, contentType, data: bytes, fileIds } }))[0].payload;
  const bytes = Buffer.from([0xff]);
  expect(shown('', bytes)).toMatchObject({
    messagetype: 'file',
    content_type: 'application/octet-stream',
    content: '/w==',
  });
  expect(shown('', Buffer.from('a'))).toMatchObject({ messagetype: 'text', content_type: 'text/plain', content: 'a' });
  expect(shown('audio/ogg', bytes)).toMatchObject({ messagetype: 'audio', content: '/w==' });
  expect(shown('text/plain', Buffer.alloc(0), ['f'])).toMatchObject({
    messagetype: 'file',
    content: '',
    file_ids: ['f'],
  });
});
