import { HistoryResponse, Kind, type Message } from '@parley/contract';
import { Backlog, type BacklogPart, type UndeliveredRoom } from './backlog.js';

const [me, other] = ['me', 'other'] as const;
const room = 7;
const log = 'log-1';

const entry = (seq: number, fields: Partial<Message> = {}) => ({ seq, sender: other, ...fields });

function page(seqs: readonly number[], more = false, fields: Partial<Message> = {}, ofLog = log): HistoryResponse {
  return HistoryResponse.fromPartial({ messages: seqs.map((seq) => entry(seq, fields)), more, log: ofLog });
}

/** Opens a client whose room has entries up to `end`, of which `from` is acknowledged. */
function opened(from: number, end: number, fields: Partial<UndeliveredRoom> = {}): Backlog {
  const backlog = new Backlog(me);
  const undelivered = { channelId: room, log, afterSeq: from, untilSeq: end, isFormer: false, ...fields };
  backlog.begin(undelivered.isFormer ? [] : [{ channelId: room, log, seq: end }], from < end ? [undelivered] : []);
  return backlog;
}

const seqsOf = ({ messages }: { readonly messages: readonly Message[] }) => messages.map(({ seq }) => seq);
const partOf = (backlog: Backlog) => backlog.next() as BacklogPart;

test('a room with nothing undelivered is live at once', () => {
  const backlog = opened(5, 5);
  expect(backlog.next()).toBeUndefined();
  expect(backlog.arrived(room, 6, true)).toBe(true);
});

test('the second batch follows the acknowledgement of the first, and then the room is live', () => {
  const backlog = opened(0, 4);
  const first = partOf(backlog);
  expect(first).toEqual({ channelId: room, afterSeq: 0, untilSeq: 4 });
  expect(backlog.next()).toBeUndefined(); // One part at a time.
  const batch = backlog.filled(first, page([1, 2], true));
  expect([seqsOf(batch), batch.more]).toEqual([[1, 2], true]);
  expect(backlog.next()).toBeUndefined();
  backlog.acknowledged(room, 1);
  expect(backlog.next()).toBeUndefined(); // Only a part of the batch.
  backlog.acknowledged(room, 2);
  const second = partOf(backlog);
  expect(second).toEqual({ channelId: room, afterSeq: 2, untilSeq: 4 });
  expect(backlog.arrived(room, 5, true)).toBe(false);
  const last = backlog.filled(second, page([3, 4]));
  expect([seqsOf(last), last.more]).toEqual([[3, 4], true]); // 5 has come meanwhile.
  backlog.acknowledged(room, 4);
  expect(seqsOf(backlog.filled(partOf(backlog), page([5])))).toEqual([5]);
  expect(backlog.arrived(room, 6, true)).toBe(true);
});

test('messages that a page shows before their live events are not shown twice', () => {
  const backlog = opened(0, 2);
  expect(seqsOf(backlog.filled(partOf(backlog), page([1, 2, 3])))).toEqual([1, 2]);
  expect(backlog.arrived(room, 3, true)).toBe(true);
});

test('own, deleted and member entries need no delivery, and are recorded as delivered', () => {
  const backlog = opened(0, 3);
  const entries = [entry(1, { sender: me }), entry(2, { deleted: true }), entry(3, { kind: Kind.MEMBER })];
  const batch = backlog.filled(partOf(backlog), HistoryResponse.fromPartial({ messages: entries, log }));
  expect(batch).toMatchObject({ messages: [], more: false, deliveredSeq: 3 });
});

test('nothing is recorded as delivered while an earlier message is not acknowledged', () => {
  const backlog = opened(0, 0);
  backlog.arrived(room, 1, true);
  backlog.missed(room, 2, 3);
  expect(backlog.filled(partOf(backlog), page([2, 3], false, { sender: me }))).toMatchObject({ deliveredSeq: 0 });
});

test('a gap of a slow client is filled from the history, in order', () => {
  const backlog = opened(2, 2);
  expect(backlog.arrived(room, 3, true)).toBe(true);
  backlog.missed(room, 4, 6);
  expect(backlog.arrived(room, 7, true)).toBe(false);
  const part = partOf(backlog);
  expect(part).toEqual({ channelId: room, afterSeq: 3, untilSeq: 7 });
  expect(seqsOf(backlog.filled(part, page([4, 5, 6, 7])))).toEqual([4, 5, 6, 7]);
});

test('a gap of a room without history is lost, and the client is told', () => {
  const backlog = new Backlog(me);
  backlog.arrived(room, 1, true);
  backlog.missed(room, 2, 3);
  expect(backlog.filled(partOf(backlog), page([], false, {}, ''))).toMatchObject({ isLost: true });
  expect(backlog.arrived(room, 4, true)).toBe(true);
});

test('changes of messages that the client has are shown while it is behind, and others with their message', () => {
  const backlog = opened(5, 9);
  expect([backlog.changed(room, 10, 5), backlog.changed(room, 11, 6)]).toEqual([true, false]);
  expect(opened(9, 9).changed(room, 10, 3)).toBe(true);
});

test('a client that acknowledges more than its batch has read the history itself, and needs nothing before that', () => {
  const backlog = opened(0, 10);
  const part = partOf(backlog);
  backlog.acknowledged(room, 6);
  expect(seqsOf(backlog.filled(part, page([1, 2, 3], true)))).toEqual([]);
  expect(partOf(backlog)).toEqual({ channelId: room, afterSeq: 6, untilSeq: 10 });
  backlog.acknowledged(room, 999);
  expect(backlog.arrived(room, 11, true)).toBe(true);
});

test('the acknowledgement of another client lets the next batch come, but takes nothing away', () => {
  const backlog = opened(0, 4);
  backlog.filled(partOf(backlog), page([1, 2], true));
  expect([backlog.moved(room, 4), backlog.moved(room, 4), backlog.moved(99, 4)]).toEqual([true, false, false]);
  expect(partOf(backlog)).toMatchObject({ afterSeq: 2, untilSeq: 4 });
});

test('a former member gets what was said until the removal', () => {
  const backlog = opened(1, 3, { isFormer: true });
  expect([backlog.isFormer(room), backlog.logOf(room), backlog.logOf(8)]).toEqual([true, log, undefined]);
  expect(seqsOf(backlog.filled(partOf(backlog), page([2, 3])))).toEqual([2, 3]);
});

test('a room whose log starts again forgets the old one, also in the middle of a look-up', () => {
  const backlog = opened(0, 4);
  const part = partOf(backlog);
  backlog.restarted(room, 'log-2');
  expect(backlog.filled(part, page([1, 2]))).toMatchObject({ messages: [], isLost: false });
  expect(backlog.arrived(room, 1, true)).toBe(true);
  expect(backlog.logOf(room)).toBe('log-2');
});

test('a page of another log shows nothing: the event about the new log follows', () => {
  const backlog = opened(0, 4);
  expect(backlog.filled(partOf(backlog), page([1], false, {}, 'log-2'))).toMatchObject({ messages: [], isLost: false });
  expect(backlog.next()).toBeUndefined();
});

test('a room that may not be read any more is given up, and others follow', () => {
  const backlog = new Backlog(me);
  const ids = [1, 2];
  backlog.begin(
    ids.map((channelId) => ({ channelId, log, seq: 5 })),
    ids.map((channelId) => ({ channelId, log, afterSeq: 0, untilSeq: 5, isFormer: false })),
  );
  backlog.abandon(partOf(backlog));
  expect(partOf(backlog).channelId).toBe(2);
});

test('a user who joins again continues where the room was', () => {
  const backlog = opened(3, 3);
  backlog.left(room);
  expect(backlog.isFormer(room)).toBe(true);
  backlog.joined(room, log);
  expect(backlog.isFormer(room)).toBe(false);
});
