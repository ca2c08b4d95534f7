import { EventIds, maxPlacesInId, readResumePoint } from './resume-point.js';

const logs = new Map([
  [1, '11111111-a'],
  [2, '22222222-b'],
]);
const logOf = (channelId: number) => logs.get(channelId) ?? (channelId > 100 ? 'ffffffff-c' : undefined);

test('an id has the last entry of each channel, with the newest channel at the end', () => {
  const ids = new EventIds(readResumePoint('p~22222222.2.7'), logOf);
  expect(ids.line).toBe('id: p~22222222.2.7\n');
  const lines = [1, 1, 2, 2, 1, 3].map((channelId, at) => {
    ids.note(channelId, String(10 + at));
    return ids.line;
  });
  expect(lines).toEqual([
    'id: p~22222222.2.7~11111111.1.10\n',
    'id: p~22222222.2.7~11111111.1.11\n',
    'id: p~11111111.1.11~22222222.2.12\n',
    'id: p~11111111.1.11~22222222.2.13\n',
    'id: p~22222222.2.13~11111111.1.14\n',
    'id: p~22222222.2.13~11111111.1.14\n', // Nobody follows channel 3.
  ]);
  expect(readResumePoint(ids.line.slice(4).trim())?.places).toHaveLength(2);
});

test('a channel that is forgotten leaves the id, and a newer position includes all', () => {
  const ids = new EventIds(readResumePoint('p'), logOf);
  for (const channelId of [1, 2]) ids.note(channelId, '5');
  ids.forget(1);
  expect(ids.line).toBe('id: p~22222222.2.5\n');
  ids.note(2, '6');
  ids.forget(2);
  expect(ids.line).toBe('id: p\n');
  ids.note(2, '7');
  ids.restart('q');
  expect(ids.line).toBe('id: q\n');
  ids.note(1, '8');
  expect(ids.line).toBe('id: q~11111111.1.8\n');
});

test('an id never has more places than a request may name', () => {
  const ids = new EventIds(readResumePoint('p'), logOf);
  for (let n = 0; n < 2 * maxPlacesInId; n++) ids.note(101 + n, '1');
  expect(readResumePoint(ids.line.slice(4).trim())?.places).toHaveLength(maxPlacesInId);
  ids.note(101, '2');
  expect(ids.line).toContain('~ffffffff.101.2\n');
});
